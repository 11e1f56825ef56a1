-- Workers of the last day with what each runs. One that has not beaten for a lease is silent.
-- $1 lease in seconds
select w.id::text, w.name, w.pool,
  case when w.state <> 'gone' and w.last_beat_at < now() - $1::int * interval '1 second' then 'silent' else w.state end as state,
  w.engine, a.id::text as "attemptId", a.stage_run_id::text as "stageRunId",
  (a.progress ->> 'imagesPerSecond')::float8 as "imagesPerSecond", w.started_at as "startedAt", w.last_beat_at as "lastBeatAt"
from worker w left join attempt a on a.worker_id = w.id and a.state in ('running', 'stopping')
where w.last_beat_at > now() - interval '1 day'
order by (w.state = 'gone'), w.name, w.started_at desc;
