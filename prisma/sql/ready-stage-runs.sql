-- Active stage runs whose queued attempts have been ended wait for their next ones.
update stage_run set state = 'ready' where id = any (:stageRunIds::uuid[]) and state = 'active';
