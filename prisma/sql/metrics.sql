-- Blocks of a stage run's curves that hold points after a step.
-- $1 stage run  $2 series, or null for all  $3 step
select series, block, steps, "values" from metric_block
where stage_run_id = $1::uuid and ($2::text[] is null or series = any ($2::text[])) and steps[cardinality(steps)] > $3::int
order by series, block;
