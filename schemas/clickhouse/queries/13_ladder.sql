-- title: Actions by rung of the ladder
-- description: Accounts whose latest decision is this action (of revoke_key: keys), and decisions taken in the range.
-- chart: categories
-- unit: accounts
SELECT action, countIf(latest) AS accounts, count() AS decisions
FROM
(
    SELECT action, ts, decision_id,
           row_number() OVER (PARTITION BY account_id, api_key_id ORDER BY ts DESC, decided_at DESC, decision_id DESC) = 1 AS latest
    FROM iolaus.decisions
    WHERE run_id = {run_id:String} AND mode = 'enforce'
      AND ts >= {from:DateTime64(3, 'UTC')} AND ts < {to:DateTime64(3, 'UTC')}
)
GROUP BY action
ORDER BY indexOf(['allow', 'observe', 'verify', 'throttle', 'suspend', 'revoke_key', 'reinstate'], action)
