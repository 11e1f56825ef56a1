-- Blocks of a stage run's curves that hold points after a step.
-- :series null are all
select series, block, steps, "values" from metric_block
where stage_run_id = :stageRunId::uuid and (:series::text[] is null or series = any (:series::text[])) and steps[cardinality(steps)] > :afterStep::int
order by series, block;
