-- Says what happened to stage runs and their attempts to every experiment that needs or used them.
-- Arrays keep the planner on the keys: with joins it read all trials from end to end, once for each of 20,000 stage runs.
-- :events in order
insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
select e.team_id, e.id, said."stageRunId", said."attemptId", said.type, said.data
from rows from (
  jsonb_to_recordset(:events::jsonb) as ("stageRunId" uuid, "attemptId" uuid, type text, data jsonb)
) with ordinality as said ("stageRunId", "attemptId", type, data, place)
cross join lateral (
  select id, team_id from experiment
  where id = any (array(
    select experiment_id from trial
    where id = any (array(select trial_id from need where stage_run_id = said."stageRunId"))))
) e
order by said.place;
