-- Attempts as the API shows them.
create or replace view attempt_detail with (security_invoker = true) as
select a.id, a.stage_run_id as "stageRunId", a.number, a.state, w.name as worker, a.engine, a.start_step as "startStep",
  (a.progress ->> 'step')::int as step, a.inexact, a.reason, a.failure,
  case when a.state in ('running', 'stopping') then extract(epoch from now() - a.started_at)::float8 else a.gpu_seconds end as "gpuSeconds",
  a.queued_at as "queuedAt", a.started_at as "startedAt", a.ended_at as "endedAt"
from attempt a left join worker w on w.id = a.worker_id;
