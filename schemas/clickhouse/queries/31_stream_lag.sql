-- title: Stream lag
-- description: Newest minute of each stream and how far behind its arrival here it was (live data: seconds; a scenario of old events: their age).
-- chart: table
-- unit: none
SELECT
    stream,
    sum(events) AS events,
    uniqExact(account_id) AS accounts,
    max(ts) AS newest,
    greatest(0, dateDiff('second', newest, argMax(inserted_at, ts))) AS lag_seconds
FROM iolaus.account_activity
WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY stream
ORDER BY stream
