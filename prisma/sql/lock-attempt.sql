-- Locks a stage run and the attempt on it, in this order, as every writer does: stage runs first, then attempts.
with run as (
  select id, state, kind, failures, failed_step
  from stage_run
  where id = (select stage_run_id from attempt where id = :attemptId::uuid)
  for update
)
select
  a.id::text, a.number, a.state, a.epoch, a.stop, a.reason, a.team_id::text as "teamId",
  (select name from worker where worker.id = a.worker_id) as "worker",
  (a.progress ->> 'step')::int as "step",
  coalesce(a.lease_expires_at < now(), false) as "expired",
  run.id::text as "stageRunId", run.state as "stageRunState", run.kind, run.failures, run.failed_step as "failedStep",
  coalesce((select max(step) from checkpoint where stage_run_id = run.id), 0) as "checkpointStep"
from run join attempt a on a.id = :attemptId::uuid
for update of a;
