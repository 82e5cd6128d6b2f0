-- title: Leakage
-- description: Share of the suspended accounts' exchanges that were served before their suspension.
-- chart: stat
-- unit: percentunit
SELECT
    uniqExact(a.account_id) AS accounts,
    sumIf(a.requests, a.ts < s.suspended_at) AS before,
    sum(a.requests) AS total,
    if(total = 0, 0, before / total) AS leakage
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
