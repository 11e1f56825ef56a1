-- Locks those of the given stage runs that have not ended, inputs before those that read them: the order that every writer takes.
select id::text, state from stage_run
where id = any (:stageRunIds::uuid[]) and state in ('blocked', 'ready', 'active')
order by stage_kind_rank(kind), stage_key
for update;
