-- Scores of an account as evidence comes in. Identity, version, partition and
-- TTL as for cluster_scores.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.account_scores_log /*ON CLUSTER*/
(
    run_id        LowCardinality(String),
    ts            DateTime64(3, 'UTC'),
    account_id    String,
    cluster_id    String,
    score         Float64,
    reason_codes  Array(LowCardinality(String)),
    contributions Array(Float64),
    kafka_offset  Int64,
    inserted_at   DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = /*Replicated*/ReplacingMergeTree(kafka_offset)
PARTITION BY toYYYYMM(ts)
ORDER BY (run_id, account_id, ts)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.account_scores /*ON CLUSTER*/ AS
SELECT run_id, ts, account_id, cluster_id, score, reason_codes, contributions
FROM iolaus.account_scores_log FINAL;
