-- Ends stage runs that no trial waits for any more; one that has ended is left.
update stage_run set state = 'cancelled', reason = :reason, finished_at = now()
where id = any (:stageRunIds::uuid[]) and state in ('blocked', 'ready', 'active');
