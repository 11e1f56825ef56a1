-- Says what happened to stage runs and their attempts to every experiment that needs or used them.
-- Readers have events in the order of transactions. A command of many stage runs has its number from the first that it locks, and
-- others may go on with the last meanwhile: what it says of one is told with the transaction after which it came. No reader is there
-- yet: all wait for this one to end.
-- :events in order, `after` the last 32 bits of the transaction that wrote the stage run before, null where it is none or an older one
with own as (
  select pg_current_xact_id()::text::bigint as xid, pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next
)
insert into event (xid, team_id, experiment_id, stage_run_id, attempt_id, type, data)
select case when later.xid < own.next then later.xid else own.xid end::text::xid8,
  e.team_id, e.id, said."stageRunId", said."attemptId", said.type, said.data
from rows from (
  jsonb_to_recordset(:events::jsonb) as ("stageRunId" uuid, "attemptId" uuid, type text, data jsonb, after bigint)
) with ordinality as said ("stageRunId", "attemptId", type, data, after, place)
cross join own
cross join lateral (select own.xid + ((said.after - own.xid) & 4294967295) as xid) later -- far ahead if it is older
cross join lateral experiments_of(said."stageRunId") e
order by said.place;
