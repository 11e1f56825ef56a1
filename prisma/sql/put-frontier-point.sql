-- A point that a stage run reached, named by the first experiment that asked for it, and word of it. Images and GPU-seconds are
-- those of the stage run and of every stage run behind it, of a descent those until it passed the variant that was taken of it.
-- Arrays and `offset 0` keep the planner on the keys: it read all stage runs from end to end, for the one or four of a lineage.
-- :method null is the trial's  :macs null are the model's
with recursive lineage as (
  select :stageRunId::uuid as id, :variant::text as variant
  union
  select i.source_stage_run_id, i.variant
  from lineage l cross join lateral (
    select source_stage_run_id, stage_run_input.variant from stage_run_input where stage_run_id = l.id offset 0
  ) i
  where i.source_stage_run_id is not null
), spent as (
  select sum(done.images)::bigint as images, sum(done.gpu_seconds * done.images / nullif(done.all_images, 0)) as gpu_seconds
  from lineage l cross join lateral (
    select r.gpu_seconds, (r.result ->> 'images')::float8 as all_images,
      coalesce(r.result #>> array['variants', l.variant, 'images'], r.result ->> 'images')::float8 as images
    from stage_run r where r.id = l.id offset 0
  ) done
), asked as (
  select x.model, x.definition_hash, x.recipe, x.dataset_version, t.method, t.budget
  from trial t cross join lateral (
    select id, created_at, model, definition_hash, recipe, dataset_version from experiment where id = t.experiment_id offset 0
  ) x
  where t.id = any (array(select trial_id from need where stage_run_id = :stageRunId::uuid))
  order by x.created_at, x.id, t.number limit 1
), point as (
  insert into frontier_point (stage_run_id, variant, dataset_version, model, definition_hash, method, recipe, seed, budget,
    relu_count, convention, macs, images, gpu_seconds, validation_accuracy, test_accuracy)
  select r.id, :variant, asked.dataset_version, asked.model, asked.definition_hash, coalesce(:method::text, asked.method),
    asked.recipe, r.seed, case when :method::text is null then asked.budget end, :reluCount::int, 'with-stem',
    coalesce(:macs::bigint, m.macs), spent.images, coalesce(spent.gpu_seconds, 0), :validationAccuracy::float8,
    :testAccuracy::float8
  from asked, spent, stage_run r, model m
  where r.id = :stageRunId::uuid and m.definition_hash = asked.definition_hash
  returning id
), told as (
  insert into event (team_id, experiment_id, stage_run_id, type, data)
  select e.team_id, e.id, :stageRunId::uuid, 'frontier.point', jsonb_build_object('pointId', point.id)
  from point cross join lateral experiments_of(:stageRunId::uuid) e
)
select id::text from point;
