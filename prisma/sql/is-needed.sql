-- Whether any trial waits for a stage run.
select exists (select from need where stage_run_id = :stageRunId::uuid and released_at is null) as needed;
