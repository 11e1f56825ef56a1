-- Locks the active experiments that need a stage run. Two that end the last two runs of one experiment then go one after the other,
-- and the second sees that nothing is left. One id: for a list Postgres plans it anew each time, 0.4 ms.
-- Arrays keep the planner on the keys: see experiments_of.
select id::text from experiment
where state = 'active' and id = any (array(
  select t.experiment_id from trial t
  where t.id = any (array(select n.trial_id from need n where n.stage_run_id = :stageRunId::uuid))))
order by id
for update;
