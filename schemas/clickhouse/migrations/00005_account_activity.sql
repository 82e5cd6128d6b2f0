-- What an account did on a stream in a minute.
--
-- Stage 1 sends the minute's absolute counts again whenever they grow, so the row
-- with the most events is the last: events is the version, and sums are taken over
-- what FINAL leaves. A materialised view of sums would count each of them.
--
-- ORDER BY starts with time: dashboards ask for a range of it, rows arrive roughly in its
-- order, and parts that do not overlap cost FINAL nothing.
-- The bloom filter finds an account's page without reading everybody's.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS iolaus.account_activity_log /*ON CLUSTER*/
(
    run_id        LowCardinality(String),
    ts            DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    account_id    String CODEC(ZSTD(1)),
    stream        LowCardinality(String),
    events        UInt64 CODEC(T64, ZSTD(1)),
    requests      UInt64 CODEC(T64, ZSTD(1)),
    errors        UInt64 CODEC(T64, ZSTD(1)),
    input_tokens  UInt64 CODEC(T64, ZSTD(1)),
    output_tokens UInt64 CODEC(T64, ZSTD(1)),
    cached_tokens UInt64 CODEC(T64, ZSTD(1)),
    tool_calls    UInt64 CODEC(T64, ZSTD(1)),
    declines      UInt64 CODEC(T64, ZSTD(1)),
    charges       UInt64 CODEC(T64, ZSTD(1)),
    amount_minor  Int64 CODEC(T64, ZSTD(1)),
    org_id        String CODEC(ZSTD(1)),
    inserted_at   DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    INDEX by_account account_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = /*Replicated*/ReplacingMergeTree(events)
PARTITION BY toYYYYMM(ts)
ORDER BY (run_id, ts, account_id, stream)
TTL toDateTime(inserted_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE VIEW IF NOT EXISTS iolaus.account_activity /*ON CLUSTER*/ AS
SELECT run_id, ts, account_id, stream, events, requests, errors, input_tokens, output_tokens, cached_tokens,
       tool_calls, declines, charges, amount_minor, org_id, inserted_at
FROM iolaus.account_activity_log FINAL;
