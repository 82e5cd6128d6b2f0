-- title: Exchanges of suspended accounts
-- description: Requests of the accounts that were suspended: served before it, and what came after. The minute of the suspension counts as before.
-- chart: bars
-- unit: exchanges
WITH greatest(60000, intDiv(toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}), 200 * 60000) * 60000) AS step
SELECT
    fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(a.ts), step) * step, 'UTC') AS time,
    sumIf(a.requests, a.ts < s.suspended_at) AS before,
    sumIf(a.requests, a.ts >= s.suspended_at) AS after
FROM
(
    SELECT ts, account_id, requests
    FROM iolaus.account_activity
    WHERE run_id = {run_id:String} AND stream = 'requests'
      AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
) AS a
INNER JOIN
(
    SELECT account_id, min(ts) AS suspended_at
    FROM iolaus.decisions
    WHERE run_id = {run_id:String} AND action = 'suspend' AND mode = 'enforce'
    GROUP BY account_id
) AS s ON a.account_id = s.account_id
GROUP BY time
ORDER BY time
