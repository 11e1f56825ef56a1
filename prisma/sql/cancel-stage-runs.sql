-- Ends stage runs that no trial waits for any more; one that has ended is left.
-- $1 stage runs  $2 reason
update stage_run set state = 'cancelled', reason = $2, finished_at = now()
where id = any ($1::uuid[]) and state in ('blocked', 'ready', 'active');
