-- A cluster's newest score.
SELECT
    score, size, exchanges, input_tokens + output_tokens AS tokens, first_seen, last_seen, ts AS scored_at,
    reason_codes, contributions,
    arrayMap(e -> e.1, evidence) AS kinds, arrayMap(e -> e.2, evidence) AS tokens_shared, arrayMap(e -> toFloat64(e.3), evidence) AS holders
FROM iolaus.cluster_scores
WHERE run_id = {run_id:String} AND cluster_id = {id:String}
ORDER BY ts DESC
LIMIT 1
