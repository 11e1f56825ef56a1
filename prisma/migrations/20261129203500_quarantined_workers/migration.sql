-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "quarantine_reason" TEXT,
ADD COLUMN     "quarantined_until" TIMESTAMPTZ(3),
ADD COLUMN     "quarantines" INTEGER NOT NULL DEFAULT 0;

-- Its columns change, which `create or replace` cannot do.
DROP FUNCTION worker_fit(uuid, uuid);

-- Workers that take work, as far as they said: whether one still lives, its last beat tells.
create or replace view serving_worker with (security_invoker = true) as
select id, name, pool, engine, versions, datasets, coalesce(engine -> 'precisions', '["fp32"]') as precisions, last_beat_at,
  trusted_since, labels, gpu_memory, engine ->> 'backend' as backend
from worker
where state not in ('gone', 'draining') and drained_at is null
  and (quarantined_until is null or quarantined_until <= now());

-- Whether a worker may take an attempt: it is registered, in the pool, of the version, has the data, computes in the
-- precision, has the resources, its slot is free, and it is neither drained nor quarantined.
-- `drained_reason` is all that workers of earlier versions, which know of no quarantine and no resources, look at of them.
create or replace function worker_fit(attempt_id uuid, worker_id uuid) returns table (
  registered boolean, out_of_service text, drained_reason text, pool boolean, version boolean, dataset boolean, "precision" boolean,
  resources boolean, free boolean, implementation text, wanted_version int, wanted_pool text, wanted_dataset text,
  wanted_precision text, wanted_resources jsonb
)
language sql stable parallel safe as $$
  select w.state <> 'gone', o.reason,
    coalesce(o.reason, case when not o.equipped then 'it lacks what is asked for' end),
    w.pool = r.pool,
    (w.versions ->> r.implementation)::int is not distinct from r.version, r.dataset_version = any (w.datasets),
    coalesce(w.engine -> 'precisions', '["fp32"]') ? r.precision,
    o.equipped,
    not exists (select from attempt x where x.worker_id = w.id and x.state in ('running', 'stopping')),
    r.implementation, r.version, r.pool, r.dataset_version, r.precision, r.resources
  from attempt a join stage_run r on r.id = a.stage_run_id join worker w on w.id = worker_fit.worker_id
  cross join lateral (
    select coalesce('drained: ' || w.drained_reason,
        case when w.quarantined_until > now() then 'quarantined: ' || w.quarantine_reason end) as reason,
      has_resources(r.resources, w.gpu_memory, w.labels, w.engine ->> 'backend') as equipped
  ) o
  where a.id = worker_fit.attempt_id
$$;
