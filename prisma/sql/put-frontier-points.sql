-- Points that stage runs reached, each named by the first experiment that asked for it, and word of them. Images and GPU-seconds are
-- those of the stage run and of every stage run behind it, of a descent those until it passed the variant that was taken of it.
-- Arrays and `offset 0` keep the planner on the keys: it read all stage runs from end to end, for the one or four of a lineage.
-- :points `method` null is the trial's, `macs` null are the model's
with asked as materialized (
  select * from jsonb_to_recordset(:points::jsonb) as p (
    "stageRunId" uuid, variant text, method text, "reluCount" int, macs bigint, "validationAccuracy" float8, "testAccuracy" float8)
), point as (
  insert into frontier_point (stage_run_id, variant, dataset_version, model, definition_hash, method, recipe, seed, budget,
    relu_count, convention, macs, images, gpu_seconds, validation_accuracy, test_accuracy)
  select r.id, asked.variant, x.dataset_version, x.model, x.definition_hash, coalesce(asked.method, x.method), x.recipe, r.seed,
    case when asked.method is null then x.budget end, asked."reluCount", 'with-stem', coalesce(asked.macs, m.macs), spent.images,
    coalesce(spent.gpu_seconds, 0), asked."validationAccuracy", asked."testAccuracy"
  from asked
  cross join lateral (select id, seed from stage_run where id = asked."stageRunId" offset 0) r
  cross join lateral (
    select x.model, x.definition_hash, x.recipe, x.dataset_version, t.method, t.budget
    from trial t cross join lateral (
      select id, created_at, model, definition_hash, recipe, dataset_version from experiment where id = t.experiment_id offset 0
    ) x
    where t.id = any (array(select trial_id from need where stage_run_id = r.id))
    order by x.created_at, x.id, t.number limit 1
  ) x
  cross join lateral (select macs from model where definition_hash = x.definition_hash offset 0) m
  cross join lateral (
    with recursive lineage as (
      select r.id, asked.variant
      union
      select i.source_stage_run_id, i.variant
      from lineage l cross join lateral (
        select source_stage_run_id, stage_run_input.variant from stage_run_input where stage_run_id = l.id offset 0
      ) i
      where i.source_stage_run_id is not null
    )
    select sum(done.images)::bigint as images, sum(done.gpu_seconds * done.images / nullif(done.all_images, 0)) as gpu_seconds
    from lineage l cross join lateral (
      select behind.gpu_seconds, (behind.result ->> 'images')::float8 as all_images,
        coalesce(behind.result #>> array['variants', l.variant, 'images'], behind.result ->> 'images')::float8 as images
      from stage_run behind where behind.id = l.id offset 0
    ) done
  ) spent
  returning id, stage_run_id
), told as (
  insert into event (team_id, experiment_id, stage_run_id, type, data)
  select e.team_id, e.id, point.stage_run_id, 'frontier.point', jsonb_build_object('pointId', point.id)
  from point cross join lateral experiments_of(point.stage_run_id) e
)
select id::text from point;
