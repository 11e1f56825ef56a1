-- The trials of an experiment in the plan's order, and what each needs. A need's origin says where the result comes from.
with trials as (
  insert into trial (id, experiment_id, number, method, model, budget, seed)
  select id, :experimentId::uuid, number, method, :model, budget, seed
  from jsonb_to_recordset(:trials::jsonb) as t (id uuid, number int, method text, budget int, seed int)
)
insert into need (trial_id, stage_run_id, origin)
select * from jsonb_to_recordset(:needs::jsonb) as n ("trialId" uuid, "stageRunId" uuid, origin text);
