-- Says what happened to stage runs and their attempts to every experiment that needs or used them.
-- :events in order
insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
select e.team_id, e.id, said."stageRunId", said."attemptId", said.type, said.data
from rows from (
  jsonb_to_recordset(:events::jsonb) as ("stageRunId" uuid, "attemptId" uuid, type text, data jsonb)
) with ordinality as said ("stageRunId", "attemptId", type, data, place)
cross join lateral experiments_of(said."stageRunId") e
order by said.place;
