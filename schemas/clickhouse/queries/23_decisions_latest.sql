-- title: Latest decisions
-- description: The last 200 decisions, with their strongest reasons.
-- chart: table
-- unit: none
SELECT
    ts AS time, account_id, api_key_id, cluster_id, previous_action, action, mode, score,
    arrayMap(r -> concat(r.code, ' ', if(r.contribution < 0, '', '+'), toString(round(r.contribution, 2))),
        arraySlice(arrayReverseSort(r -> abs(r.contribution), reasons), 1, 5)) AS why,
    arrayMap(e -> concat(e.kind, ' ', e.token, ' (', toString(e.accounts), ')'), evidence) AS shared,
    policy_version
FROM iolaus.decisions
WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
ORDER BY ts DESC, decision_id
LIMIT 200
