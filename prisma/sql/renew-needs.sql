-- What trials that are tried again need, in place of what they needed; a priority of their own they keep.
with given as (
  select * from jsonb_to_recordset(:needs::jsonb) as n ("trialId" uuid, "stageRunId" uuid, origin text)
), gone as (
  delete from need
  where trial_id in (select "trialId" from given)
    and not exists (select from given where "trialId" = trial_id and "stageRunId" = stage_run_id)
)
insert into need (trial_id, stage_run_id, origin, priority)
select "trialId", "stageRunId", origin, (select max(priority) from need where trial_id = "trialId") from given
on conflict (trial_id, stage_run_id) do update set released_at = null, paused = false;
