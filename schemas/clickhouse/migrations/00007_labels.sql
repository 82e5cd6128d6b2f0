-- What accounts were found to be. Identity is the event; kept for good: labels are what
-- policies are judged by.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.labels_log /*ON CLUSTER*/
(
    run_id       LowCardinality(String),
    ts           DateTime64(3, 'UTC'),
    event_id     String,
    account_id   String,
    org_id       String,
    label        LowCardinality(String),
    source       LowCardinality(String),
    campaign     String,
    note         String,
    kafka_offset Int64
)
ENGINE = /*Replicated*/ReplacingMergeTree(kafka_offset)
ORDER BY (run_id, account_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.labels /*ON CLUSTER*/ AS
SELECT run_id, ts, event_id, account_id, org_id, label, source, campaign, note
FROM iolaus.labels_log FINAL;
