-- Where an account is a member now.
SELECT cluster_id, joined_at FROM iolaus.current_clusters WHERE run_id = {run_id:String} AND account_id = {id:String} LIMIT 1
