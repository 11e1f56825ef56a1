-- Locks an experiment.
select id::text, state, reason, pool, resources, team_id::text as "teamId" from experiment where id = :experimentId::uuid for update;
