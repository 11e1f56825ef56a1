-- Workers of the last day, or one, with what each runs. One that has not beaten for a lease is silent; one that is drained
-- may still run what it had.
-- :workerId null are all of the last day
select w.id::text, w.name, w.pool, w.labels, w.gpu_memory::float8 as "gpuMemory",
  case
    when w.state <> 'gone' and w.last_beat_at < now() - :leaseSeconds::int * interval '1 second' then 'silent'
    when w.state in ('gone', 'draining') or w.drained_at is null then w.state
    else 'drained'
  end as state,
  case when w.state <> 'gone' then w.drained_reason end as reason,
  w.engine, a.id::text as "attemptId", a.stage_run_id::text as "stageRunId",
  (a.progress ->> 'imagesPerSecond')::float8 as "imagesPerSecond", w.started_at as "startedAt", w.last_beat_at as "lastBeatAt"
from worker w left join attempt a on a.worker_id = w.id and a.state in ('running', 'stopping')
where case when :workerId::uuid is null then w.last_beat_at > now() - interval '1 day' else w.id = :workerId::uuid end
order by (w.state = 'gone'), w.name, w.started_at desc;
