-- Workers that take work, as far as they said: whether one still lives, its last beat tells.
create or replace view serving_worker with (security_invoker = true) as
select id, name, pool, engine, versions, datasets, coalesce(engine -> 'precisions', '["fp32"]') as precisions, last_beat_at,
  trusted_since, labels, gpu_memory, engine ->> 'backend' as backend
from worker
where state not in ('gone', 'draining') and drained_at is null
  and (quarantined_until is null or quarantined_until <= now());
