-- Experiments as a row of their screen shows them. A released need whose stage run goes on for others counts as cancelled.
-- `reached` are its points, as means over the seeds. Remaining images over images per second give the time left.
-- Arrays and `offset 0` keep the planner on the keys of the experiments that are asked for: it would read the tables of all
-- from end to end, once for each, for 5,000 stage runs among 100,000.
create or replace view experiment_summary with (security_invoker = true) as
select e.id, e.team_id as "teamId", e.name, e.state, e.reason, e.owner, e.model, e.recipe, e.granularity, e.precision,
  e.priority, e.pool, e.created_at as "createdAt", e.finished_at as "finishedAt", d.name as dataset,
  e.dataset_version as "datasetVersion", sweep.*, work.*, points.reached
from experiment e
join dataset_version v on v.sha256 = e.dataset_version
join dataset d on d.id = v.dataset_id
cross join lateral (
  select count(*)::int as trials, array_agg(distinct method) as methods,
    coalesce(array_agg(distinct budget) filter (where budget is not null), '{}') as budgets, array_agg(distinct seed) as seeds
  from trial where experiment_id = e.id
) sweep
cross join lateral (
  select count(*)::int as total,
    count(*) filter (where state = 'succeeded')::int as succeeded,
    count(*) filter (where cached)::int as cached,
    count(*) filter (where state = 'active')::int as active,
    count(*) filter (where state in ('blocked', 'ready'))::int as waiting,
    count(*) filter (where state = 'failed')::int as failed,
    count(*) filter (where state = 'cancelled')::int as cancelled,
    coalesce(sum(gpu_seconds) filter (where not cached), 0)::float8 as "gpuSeconds",
    coalesce(sum(images) filter (where state in ('blocked', 'ready', 'active')), 0)::float8 as "imagesLeft",
    coalesce(sum(rate) filter (where state = 'active'), 0)::float8 as "imagesPerSecond"
  from (
    select
      case when needed.released and r.state in ('blocked', 'ready', 'active') then 'cancelled' else r.state end as state,
      needed.cached, r.gpu_seconds, (a.progress ->> 'imagesPerSecond')::float8 as rate,
      ((r.params ->> 'steps')::bigint - coalesce((a.progress ->> 'step')::bigint, 0))
        * (r.params #>> '{settings,batchSize}')::bigint as images
    from (
      select n.stage_run_id, bool_and(n.origin = 'cached') as cached, bool_and(n.released_at is not null) as released
      from need n
      where n.trial_id = any (array(select id from trial where experiment_id = e.id))
      group by n.stage_run_id
    ) needed
    cross join lateral (
      select id, state, params, gpu_seconds from stage_run where id = needed.stage_run_id offset 0
    ) r
    left join attempt a on a.stage_run_id = r.id and a.state in ('running', 'stopping')
  ) runs
) work
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('method', method, 'reluCount', relus, 'validationAccuracy', validation,
    'testAccuracy', test) order by relus, method, variant), '[]') as reached
  from (
    select p.method, p.variant, avg(p.relu_count)::float8 as relus, avg(p.validation_accuracy) as validation, avg(p.test_accuracy) as test
    from frontier_point p
    where p.stage_run_id = any (array(
      select stage_run_id from need where trial_id = any (array(select id from trial where experiment_id = e.id))))
    group by p.method, p.variant, coalesce(p.budget, p.relu_count)
  ) mean
) points;
