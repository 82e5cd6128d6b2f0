-- title: Rejected and late
-- description: Records that were dead-lettered or came too late, by topic and reason.
-- chart: table
-- unit: records
SELECT topic, late, reason, field, count() AS records, max(ts) AS newest
FROM iolaus.rejected_events
WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
GROUP BY topic, late, reason, field
ORDER BY records DESC, topic, reason, field
