-- All trials of an experiment stop waiting. Answers the stage runs that they waited for.
with released as (
  update need set released_at = now()
  from trial where trial.id = need.trial_id and trial.experiment_id = :experimentId::uuid and need.released_at is null
  returning need.stage_run_id
)
select distinct r.id::text from released join stage_run r on r.id = released.stage_run_id
where r.state in ('blocked', 'ready', 'active');
