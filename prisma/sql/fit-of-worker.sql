-- Whether a worker may take an attempt: it is registered, in the pool, of the version, has the data,
-- computes in the precision, its slot is free, and it is not drained.
select
  w.state <> 'gone' as "registered",
  w.drained_reason as "drainedReason",
  w.pool = r.pool as "pool",
  (w.versions ->> r.implementation)::int is not distinct from r.version as "version",
  r.dataset_version = any (w.datasets) as "dataset",
  coalesce(w.engine -> 'precisions', '["fp32"]') ? r.precision as "precision",
  not exists (select from attempt x where x.worker_id = w.id and x.state in ('running', 'stopping')) as "free",
  r.implementation, r.version as "wantedVersion", r.pool as "wantedPool", r.dataset_version as "wantedDataset",
  r.precision as "wantedPrecision"
from attempt a join stage_run r on r.id = a.stage_run_id join worker w on w.id = :workerId::uuid
where a.id = :attemptId::uuid;
