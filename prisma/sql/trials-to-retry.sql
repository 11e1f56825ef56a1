-- Trials of an experiment that came to no result: something that they need failed, was cancelled, or goes on without them.
select t.id::text, t.method, t.budget, t.seed
from trial t
where t.experiment_id = :experimentId::uuid and exists (
  select from need n join stage_run r on r.id = n.stage_run_id
  where n.trial_id = t.id and (r.state in ('failed', 'cancelled') or (n.released_at is not null and r.state <> 'succeeded')))
order by t.number;
