-- An active stage run waits for its next attempt.
-- $1 stage run  $2 failures so far  $3 step of the checkpoint that the last one fell back to
-- $4 seconds before which it is not dispatched
update stage_run set state = 'ready', failures = $2::int, failed_step = $3::int,
  retry_at = case when $4::float8 > 0 then now() + $4::float8 * interval '1 second' end
where id = $1::uuid and state = 'active'
returning id::text;
