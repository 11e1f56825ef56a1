-- A stage run has its result.
-- $1 stage run  $2 result
update stage_run set state = 'succeeded', result = $2::jsonb, finished_at = now()
where id = $1::uuid and state = 'active'
returning id::text;
