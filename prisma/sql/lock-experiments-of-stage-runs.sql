-- Locks the active experiments that need the given stage runs. Two that end the last two runs of one experiment then go
-- one after the other, and the second sees that nothing is left.
select id::text from experiment
where state = 'active' and id in (
  select t.experiment_id from need n join trial t on t.id = n.trial_id where n.stage_run_id = any (:stageRunIds::uuid[]))
order by id
for update;
