-- Ends those of the given (locked) experiments that wait for no stage run any more. One is `failed` when no trial
-- succeeded.
with outcome as (
  select t.experiment_id as id, count(*)::int as trials, count(*) filter (where o.succeeded)::int as succeeded,
    min(o.reason) as reason, bool_or(o.waiting) as waiting
  from trial t
  cross join lateral (
    select bool_and(r.state = 'succeeded') as succeeded,
      bool_or(n.released_at is null and r.state in ('blocked', 'ready', 'active')) as waiting,
      min(r.reason) filter (where r.state = 'failed') as reason
    from need n join stage_run r on r.id = n.stage_run_id where n.trial_id = t.id
  ) o
  where t.experiment_id = any (:experimentIds::uuid[])
  group by t.experiment_id
)
update experiment set
  state = case when succeeded > 0 then 'finished' else 'failed' end,
  reason = case when succeeded < trials then (trials - succeeded) || ' of ' || trials || ' trials failed: ' || outcome.reason end,
  finished_at = now()
from outcome where experiment.id = outcome.id and experiment.state = 'active' and not outcome.waiting
returning experiment.id::text, experiment.team_id::text as "teamId", experiment.state, experiment.reason;
