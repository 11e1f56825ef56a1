-- Says what happened to stage runs and their attempts to every experiment that needs or used them.
-- $1 [{stageRunId, attemptId, type, data}], in order
insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
select e.team_id, e.id, said."stageRunId", said."attemptId", said.type, said.data
from rows from (
  jsonb_to_recordset($1::jsonb) as ("stageRunId" uuid, "attemptId" uuid, type text, data jsonb)
) with ordinality as said ("stageRunId", "attemptId", type, data, place)
cross join lateral (
  select distinct x.id, x.team_id
  from need n join trial t on t.id = n.trial_id join experiment x on x.id = t.experiment_id
  where n.stage_run_id = said."stageRunId"
) e
order by said.place;
