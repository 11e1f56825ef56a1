-- Locks those of the given stage runs that have not ended, inputs before those that read them: the order that every writer takes.
select id::text, state from stage_run
where id = any (:stageRunIds::uuid[]) and state in ('blocked', 'ready', 'active')
order by array_position(array['train', 'sensitivity', 'mask-search', 'distillation', 'private-inference'], kind), stage_key
for update;
