-- Who is in a cluster now, what was decided, and which of the cluster's shared things each touched.
WITH
    (SELECT argMax(evidence, ts) FROM iolaus.cluster_scores WHERE run_id = {run_id:String} AND cluster_id = {id:String}) AS shown
SELECT
    m.account_id AS account_id, m.joined_at AS joined_at, d.action AS action, a.score AS score,
    arraySort(arrayMap(e -> concat(e.1, ' ', e.2), arrayFilter(e -> has(l.touched, (e.1, e.2)), shown))) AS shares
FROM
(
    SELECT account_id, joined_at FROM iolaus.current_clusters WHERE run_id = {run_id:String} AND cluster_id = {id:String}
) AS m
LEFT JOIN
(
    SELECT account_id, argMax(action, (ts, decided_at, decision_id)) AS action
    FROM iolaus.decisions
    WHERE run_id = {run_id:String} AND mode = 'enforce' AND api_key_id = ''
      AND account_id IN (SELECT account_id FROM iolaus.current_clusters WHERE run_id = {run_id:String} AND cluster_id = {id:String})
    GROUP BY account_id
) AS d ON m.account_id = d.account_id
LEFT JOIN
(
    SELECT account_id, argMax(score, ts) AS score
    FROM iolaus.account_scores
    WHERE run_id = {run_id:String}
      AND account_id IN (SELECT account_id FROM iolaus.current_clusters WHERE run_id = {run_id:String} AND cluster_id = {id:String})
    GROUP BY account_id
) AS a ON m.account_id = a.account_id
LEFT JOIN
(
    SELECT account_id, groupUniqArray((toString(kind), token)) AS touched
    FROM iolaus.links
    WHERE run_id = {run_id:String}
      AND account_id IN (SELECT account_id FROM iolaus.current_clusters WHERE run_id = {run_id:String} AND cluster_id = {id:String})
    GROUP BY account_id
) AS l ON m.account_id = l.account_id
ORDER BY score DESC, account_id
LIMIT 500
