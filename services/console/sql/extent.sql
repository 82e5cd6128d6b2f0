-- First and last event time of a run. Repeated rows do not change them, so the base tables are read.
SELECT min(first), max(last), sum(n)
FROM
(
    SELECT min(ts) AS first, max(ts) AS last, count() AS n FROM iolaus.account_activity_log WHERE run_id = {run_id:String}
    UNION ALL
    SELECT min(ts), max(ts), count() FROM iolaus.decisions_log WHERE run_id = {run_id:String}
)
WHERE n > 0
