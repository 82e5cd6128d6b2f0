-- title: Score distribution
-- description: Accounts and clusters by their latest score, in steps of 0.05.
-- chart: categories
-- unit: none
SELECT bin / 20 AS score, countIf(what = 'account') AS accounts, countIf(what = 'cluster') AS clusters
FROM
(
    SELECT 'account' AS what, least(19, greatest(0, toInt32(floor(argMax(score, ts) * 20 + 1e-9)))) AS bin
    FROM iolaus.account_scores
    WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    GROUP BY account_id
    UNION ALL
    SELECT 'cluster' AS what, least(19, greatest(0, toInt32(floor(argMax(score, ts) * 20 + 1e-9)))) AS bin
    FROM iolaus.cluster_scores
    WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
    GROUP BY cluster_id
)
GROUP BY bin
ORDER BY bin
