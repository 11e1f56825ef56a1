-- Whose log it is, and whether more comes.
select stage_run_id::text as "stageRunId", state from attempt where id = :attemptId::uuid;
