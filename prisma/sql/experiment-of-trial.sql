-- Whose trial it is.
select e.id::text, e.team_id::text as "teamId" from trial t join experiment e on e.id = t.experiment_id where t.id = :trialId::uuid;
