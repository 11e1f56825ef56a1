-- AlterTable
ALTER TABLE "experiment" ADD COLUMN     "resources" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "stage_run" ADD COLUMN     "resources" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "gpu_memory" BIGINT,
ADD COLUMN     "labels" JSONB NOT NULL DEFAULT '{}';

-- Its columns change, which `create or replace` cannot do.
DROP FUNCTION worker_fit(uuid, uuid);

-- Whether a slot has what is wanted of it: GPU memory, labels, backend.
create or replace function has_resources(wanted jsonb, gpu_memory bigint, labels jsonb, backend text) returns boolean
language sql immutable parallel safe
return wanted = '{}'
  or (wanted -> 'gpuMemory' is null or coalesce(gpu_memory, 0) >= (wanted ->> 'gpuMemory')::bigint)
    and labels @> coalesce(wanted -> 'labels', '{}')
    and (wanted -> 'backend' is null or coalesce(backend, '') = wanted ->> 'backend');

-- Workers that take work, as far as they said: whether one still lives, its last beat tells.
create or replace view serving_worker with (security_invoker = true) as
select id, name, pool, engine, versions, datasets, coalesce(engine -> 'precisions', '["fp32"]') as precisions, last_beat_at,
  trusted_since, labels, gpu_memory, engine ->> 'backend' as backend
from worker
where state not in ('gone', 'draining') and drained_at is null;

-- Stage runs as the API shows them, outside of any experiment's view: with their inputs, what they produced, and how far the
-- running attempt is.
create or replace view stage_run_detail with (security_invoker = true) as
select r.id, r.stage_key as "stageKey", r.kind, r.implementation, r.version, r.params, r.precision, r.seed,
  r.dataset_version as "datasetVersion", r.pool, r.state, r.reason, r.result, r.created_at as "createdAt",
  r.finished_at as "finishedAt",
  (select count(*)::int from attempt a where a.stage_run_id = r.id) as attempts,
  (select a.progress from attempt a where a.stage_run_id = r.id and a.state in ('running', 'stopping')) as progress,
  coalesce((
    select jsonb_agg(jsonb_build_object('name', i.name, 'stageRunId', i.source_stage_run_id, 'variant', i.variant, 'artifact', i.sha256) order by i.name)
    from stage_run_input i where i.stage_run_id = r.id), '[]') as inputs,
  coalesce((
    select jsonb_agg(jsonb_build_object('role', o.role, 'variant', o.variant, 'sha256', o.sha256, 'bytes', f.bytes, 'mediaType', f.media_type)
      order by o.variant <> 'full', o.variant, o.role)
    from stage_run_artifact o join artifact f using (sha256) where o.stage_run_id = r.id), '[]') as artifacts, r.resources
from stage_run r;

-- Whether a worker may take an attempt: it is registered, in the pool, of the version, has the data, computes in the
-- precision, has the resources, its slot is free, and it is not drained.
create or replace function worker_fit(attempt_id uuid, worker_id uuid) returns table (
  registered boolean, drained_reason text, pool boolean, version boolean, dataset boolean, "precision" boolean, resources boolean, free boolean,
  implementation text, wanted_version int, wanted_pool text, wanted_dataset text, wanted_precision text, wanted_resources jsonb
)
language sql stable parallel safe as $$
  select w.state <> 'gone', w.drained_reason, w.pool = r.pool,
    (w.versions ->> r.implementation)::int is not distinct from r.version, r.dataset_version = any (w.datasets),
    coalesce(w.engine -> 'precisions', '["fp32"]') ? r.precision,
    has_resources(r.resources, w.gpu_memory, w.labels, w.engine ->> 'backend'),
    not exists (select from attempt x where x.worker_id = w.id and x.state in ('running', 'stopping')),
    r.implementation, r.version, r.pool, r.dataset_version, r.precision, r.resources
  from attempt a join stage_run r on r.id = a.stage_run_id join worker w on w.id = worker_fit.worker_id
  where a.id = worker_fit.attempt_id
$$;
