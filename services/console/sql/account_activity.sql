-- What an account did, by hour.
SELECT
    toDateTime64(toStartOfHour(ts), 3, 'UTC') AS time,
    sum(requests) - sum(errors) AS served, sum(errors) AS failed
FROM iolaus.account_activity
WHERE run_id = {run_id:String} AND account_id = {id:String}
GROUP BY time
ORDER BY time
LIMIT 5000
