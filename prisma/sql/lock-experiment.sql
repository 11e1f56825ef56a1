-- Locks an experiment.
select id::text, state, team_id::text as "teamId" from experiment where id = :experimentId::uuid for update;
