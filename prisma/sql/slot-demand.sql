-- What each pool has to do, and by how many: stage runs that may be dispatched now (none of a team over a hard quota), attempts that lie in the queue or are
-- under way, each of which wants one slot, and the slots of living workers that take work.
-- :halfLifeSeconds of a team's use
-- :leaseSeconds after which a silent worker is not counted
with served as materialized (
  select t.id from team t join team_usage(:halfLifeSeconds::float8) used on used.team_id = t.id
  where not (t.quota_hard and (used.gpu_seconds >= t.quota) is true)
)
select pool, sum(ready)::int as ready, sum(queued)::int as queued, sum(running)::int as running, sum(slots)::int as slots
from (
  select pool, count(*) as ready, 0 as queued, 0 as running, 0 as slots
  from stage_run r where state = 'ready' and (retry_at is null or retry_at <= now())
    and exists (select from dispatchable_need n where n.stage_run_id = r.id and n.team_id in (select id from served))
  group by pool
  union all
  select r.pool, 0, count(*) filter (where a.state = 'queued'), count(*) filter (where a.state <> 'queued'), 0
  from attempt a join stage_run r on r.id = a.stage_run_id
  where a.state in ('queued', 'running', 'stopping') group by r.pool
  union all
  select pool, 0, 0, 0, count(*)
  from serving_worker where last_beat_at > now() - :leaseSeconds::int * interval '1 second' group by pool
) part
group by pool order by pool;
