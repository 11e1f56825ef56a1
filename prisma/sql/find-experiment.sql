-- An experiment, not locked.
select id::text, state, reason, pool, team_id::text as "teamId" from experiment where id = :experimentId::uuid;
