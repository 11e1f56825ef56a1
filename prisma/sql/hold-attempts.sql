-- Locks stage runs and the attempts on them, in this order, and leaves out those of which another transaction holds one: whoever
-- holds several would keep them all while it waits, and two could wait for each other.
-- An array of a list, since of the list itself Postgres expects ten, finds its kept plan dear, and plans anew each time.
with run as materialized (
  select id, kind from stage_run
  where id = any (array(
    select stage_run_id from attempt where id = any (array(select unnest(:attemptIds::uuid[])))))
  for update skip locked
)
select a.id::text, a.state, a.epoch, run.id::text as "stageRunId", run.kind
from run join attempt a on a.stage_run_id = run.id and a.id = any (array(select unnest(:attemptIds::uuid[])))
for update of a skip locked;
