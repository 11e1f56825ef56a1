-- Workers of the last day, or one, with what each runs. One that has not beaten for a lease is silent; one that is drained
-- or quarantined may still run what it had.
-- :workerId null are all of the last day
select w.id::text, w.name, w.pool, w.labels, w.gpu_memory::float8 as "gpuMemory",
  case
    when w.state <> 'gone' and w.last_beat_at < now() - :leaseSeconds::int * interval '1 second' then 'silent'
    when w.state in ('gone', 'draining') then w.state
    when w.drained_at is not null then 'drained'
    when w.quarantined_until > now() then 'quarantined'
    else w.state
  end as state,
  case when w.state <> 'gone' then
    coalesce(w.drained_reason, case when w.quarantined_until > now() then w.quarantine_reason end)
  end as reason,
  case when w.state <> 'gone' and w.quarantined_until > now() then nullif(w.quarantined_until, 'infinity') end as "quarantinedUntil",
  w.engine, a.id::text as "attemptId", a.stage_run_id::text as "stageRunId",
  (a.progress ->> 'imagesPerSecond')::float8 as "imagesPerSecond", w.started_at as "startedAt", w.last_beat_at as "lastBeatAt"
from worker w left join attempt a on a.worker_id = w.id and a.state in ('running', 'stopping')
where case when :workerId::uuid is null then w.last_beat_at > now() - interval '1 day' else w.id = :workerId::uuid end
order by (w.state = 'gone'), w.name, w.started_at desc;
