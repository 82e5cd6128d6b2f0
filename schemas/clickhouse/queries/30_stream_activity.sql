-- title: Events per minute
-- description: Events that were counted, by input stream and event time.
-- chart: timeseries
-- unit: events/min
WITH greatest(60000, intDiv(toUnixTimestamp64Milli({to:DateTime64(3, 'UTC')}) - toUnixTimestamp64Milli({from:DateTime64(3, 'UTC')}), 200 * 60000) * 60000) AS step
SELECT
    fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(ts), step) * step, 'UTC') AS time,
    sumIf(events, stream = 'signups') * 60000 / step AS signups,
    sumIf(events, stream = 'requests') * 60000 / step AS requests,
    sumIf(events, stream = 'payments') * 60000 / step AS payments
FROM iolaus.account_activity
WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY time
ORDER BY time
