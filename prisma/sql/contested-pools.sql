-- Pools that active experiments of more than one priority class share, or trials that have one of their own.
select pool from (
  select pool, priority from experiment where state = 'active'
  union
  select r.pool, n.priority from need n join stage_run r on r.id = n.stage_run_id
  where n.priority is not null and n.released_at is null and r.state in ('ready', 'active')
) wanted
group by pool having count(distinct priority) > 1 order by pool;
