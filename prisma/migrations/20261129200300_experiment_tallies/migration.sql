-- CreateTable
CREATE TABLE "experiment_tally" (
    "experiment_id" UUID NOT NULL,
    "snapshot" pg_snapshot,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "trials" INTEGER NOT NULL DEFAULT 0,
    "methods" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "budgets" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
    "seeds" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
    "total" INTEGER NOT NULL DEFAULT 0,
    "succeeded" INTEGER NOT NULL DEFAULT 0,
    "cached" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "cancelled" INTEGER NOT NULL DEFAULT 0,
    "gpu_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "images" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "open" UUID[] DEFAULT ARRAY[]::UUID[],
    "released" UUID[] DEFAULT ARRAY[]::UUID[],
    "reached" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "experiment_tally_pkey" PRIMARY KEY ("experiment_id")
);

-- AddForeignKey
ALTER TABLE "experiment_tally" ADD CONSTRAINT "experiment_tally_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Large experiments that there are: the coordinator counts them.
INSERT INTO "experiment_tally" ("experiment_id") SELECT "experiment_id" FROM "trial" WHERE "number" = 499;

-- Tallies of experiments, brought up to now: what ended since the snapshot is added. A stage run ends once, and an experiment is
-- told so in the same transaction. Only those that hold: no older than events may be, and of experiments that still need what they
-- needed then, so that no command changed them, and no stage run failed, whose trials wait for nothing any more.
create or replace view experiment_tally_now with (security_invoker = true) as
select t.experiment_id, t.snapshot, t.at, since.touched, t.trials, t.methods, t.budgets, t.seeds, t.total,
  t.succeeded + done.succeeded as succeeded, t.cached, t.failed, t.cancelled + done.cancelled as cancelled,
  t.gpu_seconds + done.gpu_seconds as gpu_seconds, t.images - done.images as images, done.open, done.released,
  case when done.achieved is null then t.reached else (
    select coalesce(jsonb_agg(to_jsonb(summed)), '[]') from (
      select method, variant, budget, sum(points)::int as points, sum(relus) as relus, sum(validation) as validation, sum(test) as test
      from (
        select * from jsonb_to_recordset(t.reached) as kept (method text, variant text, budget int, points int, relus float8,
          validation float8, test float8)
        union all
        select method, variant, coalesce(budget, relu_count), 1, relu_count, validation_accuracy, test_accuracy
        from frontier_point where stage_run_id = any (done.achieved)
      ) each
      group by method, variant, budget
    ) summed
  ) end as reached
from experiment_tally t
cross join lateral (
  select coalesce(array_agg(distinct v.stage_run_id) filter (
      where v.type = 'stage-run.changed' and v.data ->> 'state' not in ('blocked', 'ready')), '{}') as touched,
    coalesce(bool_or(v.type = 'experiment.changed' and v.data ->> 'state' <> 'finished'
      or v.type = 'stage-run.changed' and v.data ->> 'state' = 'failed'), false) as changed
  from event v
  where v.experiment_id = t.experiment_id and v.xid >= pg_snapshot_xmin(t.snapshot)
    and not pg_visible_in_snapshot(v.xid, t.snapshot)
) since
cross join lateral (
  select count(*) filter (where state = 'succeeded')::int as succeeded,
    count(*) filter (where state = 'cancelled')::int as cancelled,
    coalesce(sum(gpu_seconds) filter (where ended), 0) as gpu_seconds,
    coalesce(sum(images) filter (where ended and not released), 0)::float8 as images,
    coalesce(array_agg(id) filter (where begun and not ended and not released), '{}') as open,
    coalesce(array_agg(id) filter (where released and not ended), '{}') as released,
    array_agg(id) filter (where state = 'succeeded') as achieved
  from (
    select r.*, r.state in ('succeeded', 'failed', 'cancelled') as ended, r.id = any (t.released) as released
    from (select unnest(since.touched || t.open || t.released) as id group by 1) known
    cross join lateral (
      select id, state, gpu_seconds, state = 'active' or epoch > 0 as begun,
        (params ->> 'steps')::bigint * (params #>> '{settings,batchSize}')::bigint as images
      from stage_run where id = known.id offset 0
    ) r
  ) run
) done
where t.snapshot is not null and t.at > now() - interval '23 hours' and not since.changed;

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
