-- The experiments that need or used a stage run.
-- Arrays keep the planner on the keys: with joins it read all trials from end to end, once for each of 20,000 stage runs.
create or replace function experiments_of(stage_run uuid) returns table (id uuid, team_id uuid)
language sql stable parallel safe as $$
  select e.id, e.team_id from experiment e
  where e.id = any (array(
    select t.experiment_id from trial t
    where t.id = any (array(select n.trial_id from need n where n.stage_run_id = stage_run))))
$$;
