-- Says what happened to experiments.
-- :events in order
insert into event (team_id, experiment_id, type, data)
select said.* from jsonb_to_recordset(:events::jsonb) as said ("teamId" uuid, "experimentId" uuid, type text, data jsonb);
