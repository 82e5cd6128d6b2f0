-- title: Suspensions
-- description: Accounts suspended for the first time, by event time. Shadow decisions apart.
-- chart: bars
-- unit: accounts
WITH greatest(60000, intDiv(toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}), 200 * 60000) * 60000) AS step
SELECT
    fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(first_ts), step) * step, 'UTC') AS time,
    countIf(mode = 'enforce') AS suspended,
    countIf(mode = 'shadow') AS shadow
FROM
(
    SELECT account_id, mode, min(ts) AS first_ts
    FROM iolaus.decisions
    WHERE run_id = {run_id:String} AND action = 'suspend'
    GROUP BY account_id, mode
)
WHERE first_ts >= {from:DateTime64(3, 'UTC')} AND first_ts < {to:DateTime64(3, 'UTC')}
GROUP BY time
ORDER BY time
