-- Gives a queued attempt to a worker that may take it: a new epoch, a lease, the engine that will compute it, where it starts
-- and what it reads. No row, and nothing is changed, where the attempt is not queued any more, the worker may not take it, or
-- an input has no artifact.
-- `inexact`: it resumes what another backend, device, level of instructions or thread count computed, or what was inexact already.
-- :roles of the artifacts that inputs take, by the inputs' names
with fit as (
  select a.id, a.stage_run_id, r.epoch
  from attempt a join stage_run r on r.id = a.stage_run_id cross join lateral worker_fit(a.id, :workerId::uuid) w
  where a.id = :attemptId::uuid and a.state = 'queued'
    and w.registered and w.out_of_service is null and w.pool and w.version and w.dataset and w."precision" and w.resources and w.free
    and not exists (select from inputs_of(r.id, :roles::jsonb) i where i.sha256 is null)
), run as (
  update stage_run set epoch = stage_run.epoch + 1 from fit
  where stage_run.id = fit.stage_run_id and stage_run.state = 'active' and stage_run.epoch = fit.epoch
  returning stage_run.*
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
  where attempt.id = :attemptId::uuid and attempt.state = 'queued' and w.id = :workerId::uuid
  returning attempt.id, attempt.stage_run_id, attempt.number, attempt.start_step, w.name as worker
), occupied as (
  update worker set state = 'busy' where id = :workerId::uuid and state <> 'busy' and exists (select from claimed)
), told as (
  insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
  select e.team_id, e.id, c.stage_run_id, c.id, 'attempt.changed', jsonb_build_object(
    'number', c.number, 'state', 'running', 'worker', c.worker, 'step', c.start_step, 'reason', null)
  from claimed c cross join lateral experiments_of(c.stage_run_id) e
)
select
  run.id::text as "stageRunId", claimed.number, run.epoch, run.implementation, run.version, run.params, run.precision,
  run.seed, run.dataset_version as "datasetVersion", claimed.start_step as "startStep",
  (select sha256 from latest) as "resumeSha256",
  coalesce((select jsonb_object_agg(i.name, i.sha256) from inputs_of(run.id, :roles::jsonb) i), '{}') as inputs
from run, claimed;
