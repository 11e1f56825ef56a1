-- Trials that wait for a stage run.
select trial_id::text as id from need where stage_run_id = :stageRunId::uuid and released_at is null;
