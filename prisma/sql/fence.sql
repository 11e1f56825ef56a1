-- The stage run of an attempt that may still write; no row when the epoch is stale. Until commit, nobody ends it.
-- $1 attempt  $2 epoch
select stage_run_id::text as "stageRunId" from attempt
where id = $1::uuid and epoch = $2::int and state in ('running', 'stopping')
for share;
