-- What holds the slots of a pool, or lies in its queues.
-- :stageRunIds that wait  :halfLifeSeconds of a team's use
with wanted as materialized (
  select id, implementation, version, dataset_version, "precision", resources from stage_run where id = any (:stageRunIds::uuid[])
  union
  select r.id, r.implementation, r.version, r.dataset_version, r."precision", r.resources
  from attempt a join stage_run r on r.id = a.stage_run_id where a.state = 'queued' and r.pool = :pool
), over_quota as materialized (
  select used.team_id from team_usage(:halfLifeSeconds::float8) used join team t on t.id = used.team_id
  where used.gpu_seconds >= t.quota
)
select a.id::text as "attemptId", r.id::text as "stageRunId", a.state, need.priority,
  a.team_id in (select team_id from over_quota) as "overQuota",
  extract(epoch from now() - a.started_at)::float8 as "runningSeconds",
  (select extract(epoch from now() - max(p.ended_at))::float8 from attempt p
   where p.stage_run_id = r.id and p.state = 'preempted') as "preemptedSecondsAgo",
  array(
    select wanted.id::text from wanted join worker w on w.id = a.worker_id
    where w.drained_at is null and (w.quarantined_until is null or w.quarantined_until <= now())
      and can_run(wanted.implementation, wanted.version, wanted.dataset_version, wanted."precision", wanted.resources,
        w.versions, w.datasets, coalesce(w.engine -> 'precisions', '["fp32"]'), w.gpu_memory, w.labels, w.engine ->> 'backend')
  ) as "couldRun"
from attempt a join stage_run r on r.id = a.stage_run_id
cross join lateral (
  select coalesce(max(priority), 0)::smallint as priority from dispatchable_need n where n.stage_run_id = r.id
) need
where a.state in ('queued', 'running', 'stopping') and r.pool = :pool;
