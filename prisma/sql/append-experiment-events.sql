-- Says what happened to experiments.
-- $1 [{teamId, experimentId, type, data}], in order
insert into event (team_id, experiment_id, type, data)
select said.* from jsonb_to_recordset($1::jsonb) as said ("teamId" uuid, "experimentId" uuid, type text, data jsonb);
