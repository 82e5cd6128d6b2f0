-- title: Top clusters
-- description: Clusters by their latest score: members, exchanges, tokens, reasons, and how many members are suspended.
-- chart: table
-- unit: none
SELECT
    c.cluster_id AS cluster_id, c.size AS size, c.score AS score, s.suspended AS suspended,
    c.exchanges AS exchanges, c.tokens AS tokens, c.reason_codes AS reason_codes, c.first_seen AS first_seen, c.last_seen AS last_seen
FROM
(
    SELECT
        cluster_id,
        argMax(size, ts) AS size,
        argMax(score, ts) AS score,
        argMax(exchanges, ts) AS exchanges,
        argMax(input_tokens + output_tokens, ts) AS tokens,
        argMax(reason_codes, ts) AS reason_codes,
        argMax(first_seen, ts) AS first_seen,
        argMax(last_seen, ts) AS last_seen
    FROM iolaus.cluster_scores
    WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    GROUP BY cluster_id
) AS c
LEFT JOIN
(
    SELECT cluster_id, uniqExact(account_id) AS suspended
    FROM iolaus.decisions
    WHERE run_id = {run_id:String} AND action = 'suspend' AND mode = 'enforce'
    GROUP BY cluster_id
) AS s ON c.cluster_id = s.cluster_id
ORDER BY score DESC, size DESC, cluster_id
LIMIT 50
