-- Drops the oldest of what was told so many days ago: events, and the logs of attempts that ended before then, of each :limit rows
-- at most. Events lie in the order of their transactions: where the oldest is too young, no other is looked at.
with told as (
  delete from event where id in (
    select id from (select id, at from event order by xid, id limit :limit::int) oldest
    where at < now() - :days::int * interval '1 day')
  returning 1
), logged as (
  delete from log_chunk where (attempt_id, "offset") in (
    select c.attempt_id, c."offset" from log_chunk c join attempt a on a.id = c.attempt_id
    where c.at < now() - :days::int * interval '1 day' and a.ended_at < now() - :days::int * interval '1 day'
    limit :limit::int)
  returning 1
)
select ((select count(*) from told) + (select count(*) from logged))::int as rows;
