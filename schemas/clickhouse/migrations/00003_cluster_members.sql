-- Who was in which cluster, and when.
--
-- A row is one stay: (cluster, account, joined_at). left_at is the epoch,
-- 1970-01-01, while the account is in. The record later in the topic (key
-- cluster|account, so one partition) is right: kafka_offset decides.
-- Not partitioned: joined_at spreads a cluster over months, and a cluster's page
-- reads it whole. No TTL: it explains decisions, which have none.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.cluster_members_log /*ON CLUSTER*/
(
    run_id       LowCardinality(String),
    cluster_id   String,
    account_id   String,
    joined_at    DateTime64(3, 'UTC'),
    left_at      DateTime64(3, 'UTC'),
    kafka_offset Int64
)
ENGINE = /*Replicated*/ReplacingMergeTree(kafka_offset)
ORDER BY (run_id, cluster_id, account_id, joined_at)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.cluster_members /*ON CLUSTER*/ AS
SELECT run_id, cluster_id, account_id, joined_at, left_at
FROM iolaus.cluster_members_log FINAL;

-- The last record of a (cluster, account) says whether it is live, so the pair
-- appears once even if an earlier stay was never closed. Grouped rather than
-- FINAL: grouping by the pair removes repeats by itself.
CREATE VIEW IF NOT EXISTS iolaus.current_clusters /*ON CLUSTER*/ AS
SELECT run_id, cluster_id, account_id, argMax(joined_at, kafka_offset) AS joined_at
FROM iolaus.cluster_members_log
GROUP BY run_id, cluster_id, account_id
HAVING toUnixTimestamp64Milli(argMax(left_at, kafka_offset)) = 0;
