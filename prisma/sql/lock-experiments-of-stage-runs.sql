-- Locks the active experiments that need one of some stage runs. Two that end the last two runs of one experiment then go one after
-- the other, and the second sees that nothing is left. An array of the list: of the list itself Postgres expects ten, finds its kept
-- plan dear, and plans anew each time, 0.4 ms.
-- Arrays keep the planner on the keys: see experiments_of.
select id::text from experiment
where state = 'active' and id = any (array(
  select t.experiment_id from trial t
  where t.id = any (array(select n.trial_id from need n where n.stage_run_id = any (array(select unnest(:stageRunIds::uuid[])))))))
order by id
for update;
