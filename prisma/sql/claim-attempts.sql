-- Gives queued attempts to workers that may take them: each a new epoch, a lease, the engine that will compute it, where it starts
-- and what it reads. No row, and nothing is changed, where the attempt is not queued any more, the worker may not take it, an input
-- has no artifact, or another transaction holds the attempt or its stage run: who claims several waits for none, since it would keep
-- the others meanwhile, and two could wait for each other.
-- `inexact`: it resumes what another backend, device, level of instructions or thread count computed, or what was inexact already.
-- Arrays and `offset 0` keep the planner on the keys.
-- :claims of attempts by workers  :roles of the artifacts that inputs take, by the inputs' names
with fit as materialized (
  select a.id, a.stage_run_id, r.epoch, c."workerId" as worker_id
  from jsonb_to_recordset(:claims::jsonb) as c ("attemptId" uuid, "workerId" uuid)
  cross join lateral (select id, stage_run_id, state from attempt where id = c."attemptId" offset 0) a
  cross join lateral (select id, epoch from stage_run where id = a.stage_run_id offset 0) r
  cross join lateral (select * from worker_fit(a.id, c."workerId") offset 0) w
  where a.state = 'queued'
    and w.registered and w.out_of_service is null and w.pool and w.version and w.dataset and w."precision" and w.resources and w.free
    and not exists (select from inputs_of(r.id, :roles::jsonb) i where i.sha256 is null)
), held_run as materialized (
  select id from stage_run where id = any (array(select stage_run_id from fit)) and state = 'active' for update skip locked
), held as materialized (
  select id from attempt
  where stage_run_id = any (array(select id from held_run)) and id = any (array(select id from fit)) and state = 'queued'
  for update skip locked
), run as (
  update stage_run set epoch = stage_run.epoch + 1 from fit
  where stage_run.id = fit.stage_run_id and stage_run.epoch = fit.epoch
    and stage_run.id = any (array(select f.stage_run_id from fit f join held on held.id = f.id))
  returning stage_run.*, fit.id as attempt_id, fit.worker_id
), latest as materialized (
  select run.id as stage_run_id, c.*
  from run cross join lateral (
    select c.sha256, c.step, a.engine, a.inexact
    from checkpoint c join attempt a on a.id = c.attempt_id
    where c.stage_run_id = run.id
    order by c.step desc limit 1
  ) c
), claimed as (
  update attempt set
    state = 'running', worker_id = w.id, epoch = run.epoch, started_at = now(),
    engine = w.engine - 'precisions' || jsonb_build_object('precision', run.precision),
    lease_expires_at = now() + :leaseSeconds::int * interval '1 second',
    start_step = coalesce(latest.step, 0),
    inexact = latest.step is not null and (latest.inexact
      or (latest.engine -> 'backend', latest.engine -> 'device', latest.engine -> 'threads')
        is distinct from (w.engine -> 'backend', w.engine -> 'device', w.engine -> 'threads')
      -- earlier workers did not say at which level they computed
      or coalesce(latest.engine -> 'cpuLevel', w.engine -> 'cpuLevel') is distinct from w.engine -> 'cpuLevel')
  from run
  cross join lateral (select id, name, engine from worker where id = run.worker_id offset 0) w
  left join latest on latest.stage_run_id = run.id
  where attempt.id = run.attempt_id and attempt.id = any (array(select attempt_id from run)) and attempt.state = 'queued'
  returning attempt.id, attempt.stage_run_id, attempt.worker_id, attempt.number, attempt.start_step, w.name as worker, latest.sha256
), occupied as (
  update worker set state = 'busy' where id = any (array(select worker_id from claimed)) and state <> 'busy'
), told as (
  insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
  select e.team_id, e.id, c.stage_run_id, c.id, 'attempt.changed', jsonb_build_object(
    'number', c.number, 'state', 'running', 'worker', c.worker, 'step', c.start_step, 'reason', null)
  from claimed c cross join lateral experiments_of(c.stage_run_id) e
)
select
  claimed.id::text as "attemptId", run.id::text as "stageRunId", claimed.number, run.epoch, run.implementation, run.version, run.params,
  run.precision, run.seed, run.dataset_version as "datasetVersion", claimed.start_step as "startStep", claimed.sha256 as "resumeSha256",
  coalesce((select jsonb_object_agg(i.name, i.sha256) from inputs_of(run.id, :roles::jsonb) i), '{}') as inputs
from claimed join run on run.attempt_id = claimed.id;
