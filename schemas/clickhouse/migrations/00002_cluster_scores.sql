-- Scores of a cluster as it grows: one row for each evaluation.
--
-- Identity is (cluster, event time); of two evaluations at one event time the later
-- in the topic is right, and kafka_offset says which that is: a cluster's records
-- lie in one partition. Ordered by cluster for its history, partitioned by month,
-- which is safe for FINAL because ts belongs to the identity.
-- TTL counts from arrival, not from event time: a replay of last year's log must
-- not vanish as it is written.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.cluster_scores_log /*ON CLUSTER*/
(
    run_id        LowCardinality(String),
    ts            DateTime64(3, 'UTC'),
    cluster_id    String,
    size          UInt32,
    score         Float64,
    reason_codes  Array(LowCardinality(String)),
    contributions Array(Float64),
    evidence      Array(Tuple(kind String, token String, accounts UInt32)),
    exchanges     UInt64,
    input_tokens  UInt64,
    output_tokens UInt64,
    first_seen    DateTime64(3, 'UTC'),
    last_seen     DateTime64(3, 'UTC'),
    kafka_offset  Int64,
    inserted_at   DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = /*Replicated*/ReplacingMergeTree(kafka_offset)
PARTITION BY toYYYYMM(ts)
ORDER BY (run_id, cluster_id, ts)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.cluster_scores /*ON CLUSTER*/ AS
SELECT run_id, ts, cluster_id, size, score, reason_codes, contributions, evidence,
       exchanges, input_tokens, output_tokens, first_seen, last_seen
FROM iolaus.cluster_scores_log FINAL;
