-- A cluster's size over time.
SELECT ts AS time, size AS members
FROM iolaus.cluster_scores
WHERE run_id = {run_id:String} AND cluster_id = {id:String}
ORDER BY ts
LIMIT 5000
