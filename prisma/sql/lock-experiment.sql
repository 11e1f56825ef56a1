-- Locks an experiment.
select id::text, state, reason, pool, team_id::text as "teamId" from experiment where id = :experimentId::uuid for update;
