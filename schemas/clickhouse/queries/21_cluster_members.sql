-- title: Cluster members
-- description: Who is in a cluster now, with the action taken, the account's score, and which of the cluster's shared things the account itself touched.
-- chart: table
-- unit: none
SELECT
    m.cluster_id AS cluster_id, m.account_id AS account_id, m.joined_at AS joined_at,
    d.action AS action, a.score AS score,
    arraySort(arrayMap(e -> concat(e.kind, ' ', e.token, ' (', toString(e.accounts), ')'),
        arrayFilter(e -> has(l.touched, (e.kind, e.token)), c.evidence))) AS shared,
    arrayMap(e -> concat(e.kind, ' ', e.token, ' (', toString(e.accounts), ')'), c.evidence) AS cluster_evidence
FROM
(
    SELECT cluster_id, account_id, joined_at
    FROM iolaus.current_clusters
    WHERE run_id = {run_id:String}
) AS m
INNER JOIN
(
    SELECT cluster_id, argMax(score, ts) AS score, argMax(evidence, ts) AS evidence
    FROM iolaus.cluster_scores
    WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    GROUP BY cluster_id
    ORDER BY score DESC, cluster_id
    LIMIT 50
) AS c ON m.cluster_id = c.cluster_id
LEFT JOIN
(
    SELECT account_id, argMax(action, (ts, decided_at, decision_id)) AS action
    FROM iolaus.decisions
    WHERE run_id = {run_id:String} AND mode = 'enforce' AND api_key_id = ''
    GROUP BY account_id
) AS d ON m.account_id = d.account_id
LEFT JOIN
(
    SELECT account_id, argMax(score, ts) AS score
    FROM iolaus.account_scores
    WHERE run_id = {run_id:String}
    GROUP BY account_id
) AS a ON m.account_id = a.account_id
LEFT JOIN
(
    SELECT account_id, groupUniqArray((toString(kind), token)) AS touched
    FROM iolaus.links
    WHERE run_id = {run_id:String}
      AND account_id IN (SELECT account_id FROM iolaus.current_clusters WHERE run_id = {run_id:String})
    GROUP BY account_id
) AS l ON m.account_id = l.account_id
ORDER BY c.score DESC, cluster_id, score DESC, account_id
LIMIT 1000
