-- How many attempts of a stage run failed by their workers' fault since its last checkpoint.
select count(*)::int as count from attempt
where stage_run_id = :stageRunId::uuid and state = 'failed' and failure ->> 'fault' = 'node'
  and coalesce(start_step, 0) >= coalesce((select max(step) from checkpoint where stage_run_id = :stageRunId::uuid), 0);
