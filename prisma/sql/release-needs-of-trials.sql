-- Trials stop waiting. Answers the stage runs that they waited for.
with released as (
  update need set released_at = now() where trial_id = any (:trialIds::uuid[]) and released_at is null returning stage_run_id
)
select distinct r.id::text from released join stage_run r on r.id = released.stage_run_id
where r.state in ('blocked', 'ready', 'active');
