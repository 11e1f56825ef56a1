-- A stage run has its result.
update stage_run set state = 'succeeded', result = :result::jsonb, finished_at = now()
where id = :stageRunId::uuid and state = 'active'
returning id::text;
