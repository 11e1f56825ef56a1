-- What trials that are tried again need, in place of what they needed.
with given as (
  select * from jsonb_to_recordset(:needs::jsonb) as n ("trialId" uuid, "stageRunId" uuid, origin text)
), gone as (
  delete from need
  where trial_id in (select "trialId" from given)
    and not exists (select from given where "trialId" = trial_id and "stageRunId" = stage_run_id)
)
insert into need (trial_id, stage_run_id, origin) select * from given
on conflict (trial_id, stage_run_id) do update set released_at = null;
