-- What holds the slots of a pool, or lies in its queues.
-- :stageRunIds that wait
select a.id::text as "attemptId", r.id::text as "stageRunId", a.state, need.priority,
  extract(epoch from now() - a.started_at)::float8 as "runningSeconds",
  (select extract(epoch from now() - max(p.ended_at))::float8 from attempt p
   where p.stage_run_id = r.id and p.state = 'preempted') as "preemptedSecondsAgo",
  array(
    select waiting.id::text from stage_run waiting join worker w on w.id = a.worker_id
    where waiting.id = any (:stageRunIds::uuid[]) and w.drained_at is null
      and (w.versions ->> waiting.implementation)::int = waiting.version and waiting.dataset_version = any (w.datasets)
      and coalesce(w.engine -> 'precisions', '["fp32"]') ? waiting.precision
  ) as "couldRun"
from attempt a join stage_run r on r.id = a.stage_run_id
cross join lateral (
  select coalesce(max(priority), 0)::smallint as priority from dispatchable_need n where n.stage_run_id = r.id
) need
where a.state in ('queued', 'running', 'stopping') and r.pool = :pool;
