-- A stage run will not be tried again.
update stage_run set state = 'failed', reason = :reason, failures = :failures::int, finished_at = now()
where id = :stageRunId::uuid and state = 'active'
returning id::text;
