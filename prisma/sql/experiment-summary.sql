-- An experiment as a row of its screen shows it. By one id, not by a list of one: for a list Postgres plans the view each time,
-- which takes 1 ms.
select * from experiment_summary where id = :experimentId::uuid;
