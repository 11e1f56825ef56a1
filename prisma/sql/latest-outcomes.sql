-- The active experiments that need a stage run, each with the failures of its latest stage runs of the same
-- implementation, newest first; null for one that succeeded. Results from the cache say nothing about now. One that did not
-- end by a failed attempt failed by its reason: that nobody could claim it, or that it is poisonous.
select e.id::text, e.team_id::text as "teamId", latest.outcomes
from stage_run failed
cross join lateral (
  select distinct t.experiment_id from need n join trial t on t.id = n.trial_id where n.stage_run_id = failed.id
) needing
join experiment e on e.id = needing.experiment_id and e.state = 'active'
cross join lateral (
  select jsonb_agg(failure order by finished_at desc, id) as outcomes
  from (
    select r.id, r.finished_at, case r.state when 'failed' then coalesce(
      (select a.failure from attempt a where a.stage_run_id = r.id order by a.number desc limit 1),
      jsonb_build_object('code', 'internal', 'message', r.reason)) end as failure
    from stage_run r
    where r.implementation = failed.implementation and r.state in ('succeeded', 'failed') and exists (
      select from need n join trial t on t.id = n.trial_id
      where n.stage_run_id = r.id and t.experiment_id = e.id and n.origin <> 'cached')
    order by r.finished_at desc, r.id limit :limit::int
  ) ended
) latest
where failed.id = :stageRunId::uuid
order by e.id;
