-- The slots of a pool that nothing holds.
-- :stageRunIds that wait  :leaseSeconds after which a silent worker is not counted
with wanted as materialized (
  select id, implementation, version, dataset_version, "precision", resources from stage_run where id = any (:stageRunIds::uuid[])
  union
  select r.id, r.implementation, r.version, r.dataset_version, r."precision", r.resources
  from attempt a join stage_run r on r.id = a.stage_run_id where a.state = 'queued' and r.pool = :pool
)
select array(
  select wanted.id::text from wanted
  where can_run(wanted.implementation, wanted.version, wanted.dataset_version, wanted."precision", wanted.resources,
    w.versions, w.datasets, w.precisions, w.gpu_memory, w.labels, w.backend)
) as "couldRun"
from serving_worker w
where w.pool = :pool and w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
  and not exists (select from attempt a where a.worker_id = w.id and a.state in ('running', 'stopping'));
