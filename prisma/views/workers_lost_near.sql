-- Names of the workers that were lost within a lease of a moment at which another's lease ran out. One is lost when the lease
-- of its attempt runs out, noticed or not, and when it falls silent or is replaced without having left: one that leaves beats
-- as it goes.
create or replace function workers_lost_near(moment timestamptz, lease interval) returns table (name text)
language sql stable parallel safe as $$
  select w.name
  from attempt a join worker w on w.id = a.worker_id
  where (a.state = 'lost' or a.state in ('running', 'stopping') and a.lease_expires_at < now())
    and a.lease_expires_at between moment - lease and moment + lease
  union all
  select w.name
  from worker w
  where w.left_at is distinct from w.last_beat_at
    and (w.left_at is not null or w.last_beat_at < now() - lease)
    and w.last_beat_at between moment - 2 * lease and moment
$$;
