-- The same as `experiment_summary`, of experiments with a tally that holds: looks at what runs, not at all that there is.
create or replace view tallied_experiment_summary with (security_invoker = true) as
select t.experiment_id as id, e.team_id as "teamId", e.name, e.state, e.reason, e.owner, e.model, e.recipe, e.granularity, e.precision,
  e.priority, e.pool, e.created_at as "createdAt", e.finished_at as "finishedAt", d.name as dataset,
  e.dataset_version as "datasetVersion", t.trials, t.methods, t.budgets, t.seeds,
  t.total, t.succeeded, t.cached, live.active,
  t.total - t.succeeded - t.failed - t.cancelled - cardinality(t.released) - live.active as waiting,
  t.failed, t.cancelled + cardinality(t.released) as cancelled, t.gpu_seconds + live.gpu_seconds as "gpuSeconds",
  t.images - live.images as "imagesLeft", live.rate as "imagesPerSecond", points.reached
from experiment_tally_now t
join experiment e on e.id = t.experiment_id
join dataset_version v on v.sha256 = e.dataset_version
join dataset d on d.id = v.dataset_id
cross join lateral (
  select count(*) filter (where state = 'active' and not released)::int as active,
    coalesce(sum(gpu_seconds), 0)::float8 as gpu_seconds,
    coalesce(sum(images) filter (where not released), 0)::float8 as images,
    coalesce(sum(rate) filter (where state = 'active' and not released), 0)::float8 as rate
  from (
    select r.state, r.gpu_seconds, r.id = any (t.released) as released, (a.progress ->> 'imagesPerSecond')::float8 as rate,
      coalesce((a.progress ->> 'step')::bigint, 0) * (r.params #>> '{settings,batchSize}')::bigint as images
    from unnest(t.open || t.released) known (id)
    cross join lateral (select id, state, params, gpu_seconds from stage_run where id = known.id offset 0) r
    left join attempt a on a.stage_run_id = r.id and a.state in ('running', 'stopping')
  ) run
) live
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('method', method, 'reluCount', relus / points,
    'validationAccuracy', validation / points, 'testAccuracy', test / points) order by relus / points, method, variant), '[]') as reached
  from jsonb_to_recordset(t.reached) as kept (method text, variant text, budget int, points int, relus float8, validation float8,
    test float8)
) points;
