-- Events after a cursor whose transactions all earlier ones have ended before: in commit order, without locks, and none
-- can appear behind the cursor later. A writing transaction that stays open, in any database of the server, holds the
-- newest events back until it ends.
-- $1 transaction and $2 id after which to go on  $3 team, or null for all  $4 experiment, or null for all  $5 how many
select xid::text || '.' || id as cursor, experiment_id::text as "experimentId", stage_run_id::text as "stageRunId",
  attempt_id::text as "attemptId", type, data, at
from event
where (xid, id) > ($1::text::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
  and ($3::uuid is null or team_id = $3::uuid) and ($4::uuid is null or experiment_id = $4::uuid)
order by event.xid, event.id limit $5::int;
