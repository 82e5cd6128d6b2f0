-- Decisions: one row for each change of action of an account.
--
-- Every name of the contract is a view over a table NAME_log, read with FINAL, so
-- that a plain SELECT by any client counts a row once however often it was
-- written. The rows of NAME_log with equal ORDER BY values are one row; the
-- first net under that is the deduplication token of the insert
-- (non_replicated_deduplication_window: its default, 0, means off).
--
-- Where a migration says /*ON CLUSTER*/ and /*Replicated*/ is where a cluster's
-- rendering goes; as it stands the file is plain SQL for one server.
--
-- ORDER BY: decision_id is a hash of the account and of what tipped the decision,
-- so (account_id, decision_id) is as unique as decision_id and serves the page of
-- an account. Event time is no part of the identity and therefore neither
-- orders nor partitions the table: equal rows in two partitions would never merge.
-- The min-max index serves the time filters of dashboards.
-- No TTL: a decision is kept as long as anyone may ask why.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.decisions_log /*ON CLUSTER*/
(
    run_id          LowCardinality(String),
    ts              DateTime64(3, 'UTC'),
    decision_id     String,
    account_id      String,
    api_key_id      String,
    cluster_id      String,
    action          LowCardinality(String),
    previous_action LowCardinality(String),
    mode            LowCardinality(String),
    score           Float64,
    account_score   Float64,
    cluster_score   Float64,
    reasons         Array(Tuple(code String, family String, value Float64, baseline Float64, contribution Float64)),
    evidence        Array(Tuple(kind String, token String, accounts UInt32)),
    policy_version  LowCardinality(String),
    decided_at      DateTime64(3, 'UTC'),
    kafka_offset    Int64,
    INDEX by_ts ts TYPE minmax GRANULARITY 1
)
ENGINE = /*Replicated*/ReplacingMergeTree(kafka_offset)
ORDER BY (run_id, account_id, decision_id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.decisions /*ON CLUSTER*/ AS
SELECT run_id, ts, decision_id, account_id, api_key_id, cluster_id, action, previous_action, mode,
       score, account_score, cluster_score, reasons, evidence, policy_version,
       ts AS event_ts, decided_at
FROM iolaus.decisions_log FINAL;
