-- Locks an experiment.
-- $1 experiment
select id::text, state, team_id::text as "teamId" from experiment where id = $1::uuid for update;
