-- Gives a queued attempt to a worker: a new epoch, a lease, the engine that will compute it, and where it starts.
-- `inexact`: it resumes what another backend, device, level of instructions or thread count computed, or what was inexact already.
with run as (
  update stage_run set epoch = epoch + 1
  where id = (select stage_run_id from attempt where id = :attemptId::uuid and state = 'queued')
  returning *
), latest as (
  select c.sha256, c.step, a.engine, a.inexact
  from checkpoint c join attempt a on a.id = c.attempt_id
  where c.stage_run_id = (select id from run)
  order by c.step desc limit 1
), claimed as (
  update attempt set
    state = 'running', worker_id = w.id, epoch = run.epoch, started_at = now(),
    engine = w.engine - 'precisions' || jsonb_build_object('precision', run.precision),
    lease_expires_at = now() + :leaseSeconds::int * interval '1 second',
    start_step = coalesce((select step from latest), 0),
    inexact = coalesce(
      (select latest.inexact
         or (latest.engine -> 'backend', latest.engine -> 'device', latest.engine -> 'threads')
           is distinct from (w.engine -> 'backend', w.engine -> 'device', w.engine -> 'threads')
         -- earlier workers did not say at which level they computed
         or coalesce(latest.engine -> 'cpuLevel', w.engine -> 'cpuLevel') is distinct from w.engine -> 'cpuLevel'
       from latest), false)
  from run, worker w
  where attempt.id = :attemptId::uuid and w.id = :workerId::uuid
  returning attempt.*
)
select
  run.id::text as "stageRunId", claimed.number, run.epoch, run.implementation, run.version, run.params, run.precision,
  run.seed, run.dataset_version as "datasetVersion", claimed.start_step as "startStep",
  (select sha256 from latest) as "resumeSha256",
  coalesce((
    select jsonb_agg(jsonb_build_object('name', i.name, 'stageRunId', i.source_stage_run_id, 'variant', i.variant, 'artifact', i.sha256))
    from stage_run_input i where i.stage_run_id = run.id), '[]') as inputs
from run, claimed;
