-- Locks the stage runs that read results of stage runs and wait, inputs before those that read them: the order that every writer takes.
select id::text from stage_run
where state = 'blocked' and id in (
  select stage_run_id from stage_run_input where source_stage_run_id = any (array(select unnest(:stageRunIds::uuid[]))))
order by stage_kind_rank(kind), stage_key
for update;
