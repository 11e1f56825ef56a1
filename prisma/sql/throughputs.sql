-- How fast finished attempts trained, by implementation, and the worker time of one beside that: start and evaluation. Only
-- those that computed with what a living worker of the pool has; where no worker lives, those that computed last.
-- $1 model  $2 input shape  $3 precision  $4 pool  $5 seconds after which a silent worker is not counted
with finished as (
  select r.implementation, a.engine ->> 'backend' as backend, a.engine ->> 'device' as device, (a.engine ->> 'threads')::int as threads,
    (r.result ->> 'images')::float8 - coalesce(a.start_step, 0) * (r.params #>> '{settings,batchSize}')::float8 as images,
    trained.rate, a.gpu_seconds, a.ended_at
  from stage_run r
  join dataset_version v on v.sha256 = r.dataset_version
  join attempt a on a.stage_run_id = r.id and a.state = 'succeeded'
  cross join lateral (
    select avg(point.value) as rate
    from metric_block b cross join lateral unnest(b.steps, b.values) as point (step, value)
    where b.stage_run_id = r.id and b.series = 'images-per-second' and point.step > coalesce(a.start_step, 0) and point.value > 0
  ) trained
  where r.state = 'succeeded' and r.params ->> 'model' = $1 and v.input_shape = $2::int[] and r.precision = $3 and trained.rate > 0
), measured as (
  select implementation, backend, device, threads, sum(images) / sum(images / rate) as "imagesPerSecond",
    avg(greatest(gpu_seconds - images / rate, 0)) as "overheadSeconds", count(*)::int as attempts, max(ended_at) as ended
  from finished where images > 0
  group by implementation, backend, device, threads
), living as (
  select engine ->> 'backend' as backend, engine ->> 'device' as device, (engine ->> 'threads')::int as threads, count(*) as workers
  from worker
  where pool = $4 and state not in ('gone', 'draining') and last_beat_at > now() - $5::int * interval '1 second'
  group by 1, 2, 3
)
select distinct on (m.implementation) m.implementation, m.backend, m.device, m.threads, m."imagesPerSecond", m."overheadSeconds", m.attempts
from measured m left join living l using (backend, device, threads)
where l.workers is not null or not exists (select from living)
order by m.implementation, l.workers desc nulls last, m.ended desc;
