-- What a stage run's losses say of it: the last ones, newest first, with the step it could resume from then and whether no
-- other worker was lost within a lease; and the workers that live and could take it. A running attempt whose lease is over
-- is lost, noticed or not.
with run as (
  select * from stage_run where id = :stageRunId::uuid
), claimed as (
  select a.number, a.state, w.name as worker, a.lease_expires_at as at,
    coalesce(lead(a.start_step) over (order by a.number), (select max(step) from checkpoint c where c.stage_run_id = :stageRunId::uuid), 0) as step
  from attempt a join worker w on w.id = a.worker_id
  where a.stage_run_id = :stageRunId::uuid
), lost as (
  select * from claimed where state = 'lost' or state in ('running', 'stopping') and at < now()
  order by number desc limit 50
)
select
  coalesce((
    select jsonb_agg(jsonb_build_object('worker', l.worker, 'at', l.at, 'step', l.step,
      'ageSeconds', extract(epoch from now() - l.at)::float8,
      'alone', not exists (
        select from workers_lost_near(l.at, :leaseSeconds::int * interval '1 second') other where other.name <> l.worker)
    ) order by l.number desc) from lost l), '[]') as losses,
  coalesce((
    select jsonb_agg(distinct w.name)
    from serving_worker w join run on w.pool = run.pool
    where w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
      and can_run(run.implementation, run.version, run.dataset_version, run.precision, run.resources,
        w.versions, w.datasets, w.precisions, w.gpu_memory, w.labels, w.backend)), '[]') as workers;
