-- Each queue with stage runs that wait: the pool's slots and the free ones, and the attempts that lie in the queue already, and in
-- the pool's other queues. What more waits for comes first: an idle worker takes the first job that it sees.
-- From one queue to the next by the index: of 10,000 stage runs that wait most are of the same. `limit` and `offset 0` keep
-- the planner on the keys.
-- :leaseSeconds after which a silent worker is not counted: by its age, of which the planner expects the same whatever the seconds
-- are, and so keeps its plan
with recursive waiting as (
  (select kind, pool from stage_run where state = 'ready' order by kind, pool limit 1)
  union all
  select next.kind, next.pool
  from waiting cross join lateral (
    select kind, pool from stage_run
    where state = 'ready' and (kind, pool) > (waiting.kind, waiting.pool) order by kind, pool limit 1
  ) next
), slot as (
  select w.pool, count(*)::int as slots,
    count(*) filter (where (
      select a.id from attempt a where a.worker_id = w.id and a.state in ('running', 'stopping') limit 1) is null)::int as free
  from serving_worker w where extract(epoch from now() - w.last_beat_at) < :leaseSeconds::int
  group by w.pool
)
select waiting.kind, waiting.pool, coalesce(slot.slots, 0) as slots, coalesce(slot.free, 0) as "freeSlots",
  lying.own as queued, lying.others as "queuedOthers"
from waiting left join slot using (pool)
cross join lateral (
  select count(*) filter (where r.kind = waiting.kind)::int as own, count(*) filter (where r.kind <> waiting.kind)::int as others
  from attempt a cross join lateral (select kind, pool from stage_run where id = a.stage_run_id offset 0) r
  where a.state = 'queued' and r.pool = waiting.pool
) lying
order by stage_kind_rank(waiting.kind), waiting.pool;
