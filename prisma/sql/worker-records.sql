-- The workers that take work, each with how its name's attempts ended since it is trusted, newest first; only of those that
-- lost one in the last week.
with serving as (
  select id, name, pool, trusted_since from serving_worker
  where last_beat_at > now() - :leaseSeconds::int * interval '1 second'
), suspect as (
  select distinct s.id
  from attempt a join worker w on w.id = a.worker_id join serving s on s.name = w.name
  where a.state = 'lost' and a.lease_expires_at > greatest(s.trusted_since, now() - interval '7 days')
)
select s.id::text, s.name, s.pool, coalesce(record.endings, '[]') as endings
from serving s
left join lateral (
  select jsonb_agg(jsonb_build_object('state', e.state, 'stageRunId', e.stage_run_id, 'kind', e.kind, 'at', e.lease_expires_at,
    'checkpointed', coalesce((
      select later.start_step > e.start_step from attempt later
      where later.stage_run_id = e.stage_run_id and later.number > e.number and later.start_step is not null
      order by later.number limit 1), false),
    'succeededOn', (
      select w.name from attempt other join worker w on w.id = other.worker_id
      where other.stage_run_id = e.stage_run_id and other.state = 'succeeded' and w.name <> s.name),
    'alone', not exists (
      select from workers_lost_near(e.lease_expires_at, :leaseSeconds::int * interval '1 second') other
      where other.name <> s.name)
  ) order by e.ended_at desc) as endings
  from (
    select a.state, a.stage_run_id, r.kind, a.number, a.start_step, a.lease_expires_at, a.ended_at
    from worker w join attempt a on a.worker_id = w.id join stage_run r on r.id = a.stage_run_id
    where w.name = s.name and a.ended_at > s.trusted_since
    order by a.ended_at desc limit 20
  ) e
) record on s.id in (select id from suspect)
order by s.name;
