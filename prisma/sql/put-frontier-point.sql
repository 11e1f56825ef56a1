-- The point that a stage run reached, named by the first experiment that asked for it. Images and GPU-seconds are those
-- of the stage run and of every stage run behind it.
-- $1 stage run  $2 method, or null for the trial's  $3 ReLU count  $4 validation accuracy  $5 test accuracy
with recursive lineage as (
  select $1::uuid as id
  union
  select i.source_stage_run_id from lineage l join stage_run_input i on i.stage_run_id = l.id
  where i.source_stage_run_id is not null
), spent as (
  select sum((r.result ->> 'images')::bigint) as images, sum(r.gpu_seconds) as gpu_seconds
  from lineage join stage_run r on r.id = lineage.id
), asked as (
  select x.model, x.definition_hash, x.recipe, x.dataset_version, t.method, t.budget
  from need n join trial t on t.id = n.trial_id join experiment x on x.id = t.experiment_id
  where n.stage_run_id = $1::uuid
  order by x.created_at, x.id, t.number limit 1
)
insert into frontier_point (stage_run_id, dataset_version, model, definition_hash, method, recipe, seed, budget,
  relu_count, convention, macs, images, gpu_seconds, validation_accuracy, test_accuracy)
select r.id, asked.dataset_version, asked.model, asked.definition_hash, coalesce($2::text, asked.method), asked.recipe, r.seed,
  case when $2::text is null then asked.budget end, $3::int, 'with-stem', m.macs, spent.images, spent.gpu_seconds,
  $4::float8, $5::float8
from asked, spent, stage_run r, model m
where r.id = $1::uuid and m.definition_hash = asked.definition_hash
returning id::text;
