-- A point that a stage run reached, and word of it: named by the first experiment that asked for it. Images and GPU-seconds are those of
-- the stage run and of every stage run behind it, of a descent those until it passed the variant that was taken of it.
-- :method null is the trial's  :macs null are the model's
with recursive lineage as (
  select :stageRunId::uuid as id, :variant::text as variant
  union
  select i.source_stage_run_id, i.variant from lineage l join stage_run_input i on i.stage_run_id = l.id
  where i.source_stage_run_id is not null
), spent as (
  select sum(done.images)::bigint as images, sum(r.gpu_seconds * done.images / nullif((r.result ->> 'images')::float8, 0)) as gpu_seconds
  from lineage l join stage_run r on r.id = l.id
  cross join lateral (
    select coalesce(r.result #>> array['variants', l.variant, 'images'], r.result ->> 'images')::float8 as images
  ) done
), asked as (
  select x.model, x.definition_hash, x.recipe, x.dataset_version, t.method, t.budget
  from need n join trial t on t.id = n.trial_id join experiment x on x.id = t.experiment_id
  where n.stage_run_id = :stageRunId::uuid
  order by x.created_at, x.id, t.number limit 1
), point as (
  insert into frontier_point (stage_run_id, variant, dataset_version, model, definition_hash, method, recipe, seed, budget,
  relu_count, convention, macs, images, gpu_seconds, validation_accuracy, test_accuracy)
select r.id, :variant, asked.dataset_version, asked.model, asked.definition_hash, coalesce(:method::text, asked.method), asked.recipe, r.seed,
  case when :method::text is null then asked.budget end, :reluCount::int, 'with-stem', coalesce(:macs::bigint, m.macs), spent.images,
  coalesce(spent.gpu_seconds, 0), :validationAccuracy::float8, :testAccuracy::float8
from asked, spent, stage_run r, model m
where r.id = :stageRunId::uuid and m.definition_hash = asked.definition_hash
returning id
), told as (
  insert into event (team_id, experiment_id, stage_run_id, type, data)
  select e.team_id, e.id, :stageRunId::uuid, 'frontier.point', jsonb_build_object('pointId', point.id)
  from point cross join lateral experiments_of(:stageRunId::uuid) e
)
select id::text from point;
