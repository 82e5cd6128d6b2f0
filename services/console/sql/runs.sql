-- Runs to choose from, newest first.
SELECT run_id FROM iolaus.replay_runs ORDER BY started_at DESC LIMIT 50
