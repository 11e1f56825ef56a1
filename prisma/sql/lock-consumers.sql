-- Locks the stage runs that read a stage run's result and wait, inputs before those that read them: the order that every writer takes.
select id::text from stage_run
where state = 'blocked' and id in (select stage_run_id from stage_run_input where source_stage_run_id = :stageRunId::uuid)
order by array_position(array['train', 'sensitivity', 'mask-search', 'distillation', 'private-inference'], kind), stage_key
for update;
