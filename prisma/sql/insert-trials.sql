-- The trials of an experiment in the plan's order, and what each needs. A need's origin says where the result comes from.
-- $1 experiment  $2 model  $3 [{id, number, method, budget, seed}]  $4 [{trialId, stageRunId, origin}]
with trials as (
  insert into trial (id, experiment_id, number, method, model, budget, seed)
  select id, $1::uuid, number, method, $2, budget, seed
  from jsonb_to_recordset($3::jsonb) as t (id uuid, number int, method text, budget int, seed int)
)
insert into need (trial_id, stage_run_id, origin)
select * from jsonb_to_recordset($4::jsonb) as n ("trialId" uuid, "stageRunId" uuid, origin text);
