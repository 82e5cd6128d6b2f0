-- The figures at the head of the page, of the whole range shown.
SELECT
    (SELECT uniqExact(account_id) FROM iolaus.decisions
     WHERE run_id = {run_id:String} AND action = 'suspend' AND mode = 'enforce'
       AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}) AS suspended,
    (SELECT uniqExact(cluster_id) FROM iolaus.current_clusters WHERE run_id = {run_id:String}) AS clusters,
    (SELECT sum(events) FROM iolaus.account_activity
     WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}) AS events,
    (SELECT uniqExact(account_id) FROM iolaus.account_activity_log
     WHERE run_id = {run_id:String} AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}) AS accounts
