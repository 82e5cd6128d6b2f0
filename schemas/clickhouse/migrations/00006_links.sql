-- What an account touched: one row for each (kind, token) and day ("pane").
--
-- A fact repeats with a growing count, and the streams that touch one entity count
-- apart, so rows of one identity merge column by column: min of first_seen, max of
-- last_seen, max of count. All three are idempotent: a repeat changes nothing.
-- pane, a Date, belongs to the identity and partitions the table.
-- ORDER BY account first, for its page; the bloom filter finds who else shares a token.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.links_log /*ON CLUSTER*/
(
    run_id      LowCardinality(String),
    account_id  String,
    kind        LowCardinality(String),
    token       String,
    pane        Date,
    first_seen  SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen   SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    count       SimpleAggregateFunction(max, UInt64),
    inserted_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) DEFAULT now64(3),
    INDEX by_token token TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = /*Replicated*/AggregatingMergeTree
PARTITION BY toYYYYMM(pane)
ORDER BY (run_id, account_id, kind, token, pane)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.links /*ON CLUSTER*/ AS
SELECT run_id, account_id, kind, token, pane,
       CAST(first_seen, 'DateTime64(3, \'UTC\')') AS first_seen,
       CAST(last_seen, 'DateTime64(3, \'UTC\')') AS last_seen,
       CAST(count, 'UInt64') AS count
FROM iolaus.links_log FINAL;
