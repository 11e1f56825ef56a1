-- Each queue with stage runs that wait: the pool's free slots, and the attempts that lie in the queue already.
-- :leaseSeconds after which a silent worker is not counted
select waiting.kind, waiting.pool,
  (select count(*)::int from serving_worker w
   where w.pool = waiting.pool and w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
     and not exists (select from attempt a where a.worker_id = w.id and a.state in ('running', 'stopping'))) as "freeSlots",
  (select count(*)::int from attempt a join stage_run r on r.id = a.stage_run_id
   where a.state = 'queued' and r.kind = waiting.kind and r.pool = waiting.pool) as "queued"
from (select distinct kind, pool from stage_run where state = 'ready') waiting
order by 1, 2;
