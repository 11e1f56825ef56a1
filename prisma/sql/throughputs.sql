-- How fast finished attempts trained, by implementation, the worker time of one beside that (start and evaluation), and the
-- share of its training that waited for images. Only those that computed with what a living worker of the pool has, or, where
-- there are none, with another number of threads on the same device: the nearest. Where no worker lives, those that computed
-- last. Of each the last 20: curves of thousands would take seconds to read. `threads` are the worker's, `measuredThreads`
-- those of the attempts.
-- :leaseSeconds after which a silent worker is not counted
with finished as (
  select r.id, r.implementation, a.engine ->> 'backend' as backend, a.engine ->> 'device' as device, (a.engine ->> 'threads')::int as threads,
    coalesce(a.start_step, 0) as start_step, a.gpu_seconds, a.ended_at,
    (r.result ->> 'images')::float8 - coalesce(a.start_step, 0) * (r.params #>> '{settings,batchSize}')::float8 as images,
    row_number() over (
      partition by r.implementation, a.engine ->> 'backend', a.engine ->> 'device', a.engine ->> 'threads' order by a.ended_at desc
    ) as age
  from stage_run r
  join dataset_version v on v.sha256 = r.dataset_version
  join attempt a on a.stage_run_id = r.id and a.state = 'succeeded'
  where r.state = 'succeeded' and r.params ->> 'model' = :model and v.input_shape = :inputShape::int[] and r.precision = :precision
), measured as (
  select f.implementation, f.backend, f.device, f.threads, sum(f.images) / sum(f.images / trained.rate) as "imagesPerSecond",
    avg(greatest(f.gpu_seconds - f.images / trained.rate, 0)) as "overheadSeconds", avg(trained.waiting) as waiting, count(*)::int as attempts, max(f.ended_at) as ended
  from finished f
  cross join lateral (
    select avg(point.value) filter (where b.series = 'images-per-second' and point.value > 0) as rate,
      (array_agg(point.value order by point.step desc) filter (where b.series = 'waiting'))[1] as waiting -- a share so far
    from metric_block b cross join lateral unnest(b.steps, b.values) as point (step, value)
    where b.stage_run_id = f.id and b.series in ('images-per-second', 'waiting') and point.step > f.start_step
  ) trained
  where f.age <= 20 and f.images > 0 and trained.rate > 0
  group by f.implementation, f.backend, f.device, f.threads
), living as (
  select engine ->> 'backend' as backend, engine ->> 'device' as device, (engine ->> 'threads')::int as threads, count(*) as workers
  from serving_worker
  where pool = :pool and last_beat_at > now() - :leaseSeconds::int * interval '1 second'
  group by 1, 2, 3
)
select distinct on (m.implementation) m.implementation, m.backend, m.device, coalesce(l.threads, m.threads) as threads,
  m.threads as "measuredThreads", m."imagesPerSecond", m."overheadSeconds", m.waiting, m.attempts
from measured m left join living l using (backend, device)
where l.workers is not null or not exists (select from living)
order by m.implementation, l.threads = m.threads desc nulls last, abs(ln(l.threads::float8 / m.threads)), l.workers desc, m.ended desc;
