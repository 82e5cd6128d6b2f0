-- What was decided about an account, newest first.
SELECT
    ts AS time, action, previous_action, mode, api_key_id, cluster_id, score, account_score, cluster_score, policy_version,
    arrayMap(r -> r.1, reasons) AS codes, arrayMap(r -> r.2, reasons) AS families,
    arrayMap(r -> r.3, reasons) AS measured, arrayMap(r -> r.4, reasons) AS usual, arrayMap(r -> r.5, reasons) AS contributions,
    arrayMap(e -> e.1, evidence) AS kinds, arrayMap(e -> e.2, evidence) AS tokens_shared, arrayMap(e -> toFloat64(e.3), evidence) AS holders
FROM iolaus.decisions
WHERE run_id = {run_id:String} AND account_id = {id:String}
ORDER BY ts DESC, decided_at DESC, decision_id DESC
LIMIT 100
