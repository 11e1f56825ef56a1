-- Events after a cursor whose transactions all earlier ones have ended before: in commit order, without locks, and none
-- can appear behind the cursor later. A writing transaction that stays open, in any database of the server, holds the
-- newest events back until it ends.
-- :xid and :id are the cursor  :teamId, :experimentId null are all
select xid::text || '.' || id as cursor, experiment_id::text as "experimentId", stage_run_id::text as "stageRunId",
  attempt_id::text as "attemptId", type, data, at
from event
where (xid, id) > (:xid::text::xid8, :id::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
  and (:teamId::uuid is null or team_id = :teamId::uuid) and (:experimentId::uuid is null or experiment_id = :experimentId::uuid)
order by event.xid, event.id limit :limit::int;
