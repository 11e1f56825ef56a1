-- A stage run will not be tried again.
-- $1 stage run  $2 reason  $3 failed attempts
update stage_run set state = 'failed', reason = $2, failures = $3::int, finished_at = now()
where id = $1::uuid and state = 'active'
returning id::text;
