-- Records that were dead-lettered (late = false) or came after the allowed lateness
-- (late = true): where they stand and why, never what they hold.
--
-- Identity is the place of the original record, since a stage that is killed may
-- dead-letter it again. ts is the broker's time of the original record: a
-- record that does not parse has no event time. It is outside the identity, so the
-- table is not partitioned by it.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.rejected_events_log /*ON CLUSTER*/
(
    run_id       LowCardinality(String),
    ts           DateTime64(3, 'UTC'),
    topic        LowCardinality(String),
    partition    Int32,
    offset       Int64,
    reason       LowCardinality(String),
    field        LowCardinality(String),
    detail       String,
    late         Bool,
    kafka_offset Int64,
    inserted_at  DateTime64(3, 'UTC') DEFAULT now64(3),
    INDEX by_ts ts TYPE minmax GRANULARITY 1
)
ENGINE = /*Replicated*/ReplacingMergeTree(kafka_offset)
ORDER BY (run_id, topic, partition, offset)
TTL toDateTime(inserted_at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.rejected_events /*ON CLUSTER*/ AS
SELECT run_id, ts, topic, partition, offset, reason, field, detail, late
FROM iolaus.rejected_events_log FINAL;
