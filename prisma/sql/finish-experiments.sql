-- Ends, of the (locked) experiments that need one of some stage runs, those that wait for no stage run any more. One is `failed` when
-- no trial succeeded, and `cancelled` when all were. The first stage run that an experiment waits for is enough: it has tens of
-- thousands. `offset 0` keeps the planner on the keys, `materialized` keeps it from asking the same of every active experiment:
-- 20 ms among 300.
with over as materialized (
  select id from experiment e
  where state = 'active' and id = any (array(
    select t.experiment_id from trial t
    where t.id = any (array(select n.trial_id from need n where n.stage_run_id = any (array(select unnest(:stageRunIds::uuid[])))))
  )) and not coalesce((
    select true
    from trial t
    cross join lateral (
      select from need n cross join lateral (select state from stage_run where id = n.stage_run_id offset 0) r
      where n.trial_id = t.id and n.released_at is null and r.state in ('blocked', 'ready', 'active')
      offset 0
    ) waiting
    where t.experiment_id = e.id limit 1), false)
), outcome as materialized (
  select over.id, reached.*
  from over cross join lateral (
    select count(*)::int as trials, count(*) filter (where o.succeeded)::int as succeeded,
      count(*) filter (where not o.succeeded and o.reason is not null)::int as failed, min(o.reason) as reason
    from trial t
    cross join lateral (
      select bool_and(r.state = 'succeeded') as succeeded, min(r.reason) filter (where r.state = 'failed') as reason
      from need n cross join lateral (select state, reason from stage_run where id = n.stage_run_id offset 0) r
      where n.trial_id = t.id
    ) o
    where t.experiment_id = over.id
  ) reached
), ended as (
  update experiment set
    state = case when succeeded > 0 then 'finished' when failed > 0 then 'failed' else 'cancelled' end,
    reason = nullif(concat_ws('; ',
      case when failed > 0 then failed || ' of ' || trials || ' trials failed: ' || outcome.reason end,
      case when succeeded + failed < trials then (trials - succeeded - failed) || ' of ' || trials || ' trials cancelled' end), ''),
    finished_at = now()
  from outcome where experiment.id = outcome.id and experiment.state = 'active'
  returning experiment.id, experiment.team_id, experiment.state, experiment.reason
), told as (
  insert into event (team_id, experiment_id, type, data)
  select team_id, id, 'experiment.changed', jsonb_build_object('state', state, 'reason', reason) from ended
)
select id::text from ended;
