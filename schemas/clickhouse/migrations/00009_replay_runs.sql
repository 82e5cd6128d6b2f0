-- Replays: one row each, written again when the replay ends. finished_at is the epoch
-- while it runs; metrics is the document of metrics.json.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.replay_runs_log /*ON CLUSTER*/
(
    run_id         LowCardinality(String),
    started_at     DateTime64(3, 'UTC'),
    finished_at    DateTime64(3, 'UTC'),
    input          String,
    policy_version LowCardinality(String),
    events         UInt64,
    rejected       UInt64,
    late           UInt64,
    decisions      UInt64,
    clusters       UInt64,
    metrics        String
)
ENGINE = /*Replicated*/ReplacingMergeTree(finished_at)
ORDER BY run_id
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.replay_runs /*ON CLUSTER*/ AS
SELECT run_id, started_at, finished_at, input, policy_version, events, rejected, late, decisions, clusters, metrics
FROM iolaus.replay_runs_log FINAL;
