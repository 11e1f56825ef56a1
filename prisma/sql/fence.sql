-- The stage run of an attempt that may still write; no row when the epoch is stale. Until commit, nobody ends it.
select stage_run_id::text as "stageRunId" from attempt
where id = :attemptId::uuid and epoch = :epoch::int and state in ('running', 'stopping')
for share;
