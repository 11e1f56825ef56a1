-- Says that workers live and what their slots do. No row of one that is gone; `held`, and not said, of one that another transaction
-- has: whoever beats several waits for none. One beat a second is on record as an answer of Postgres, for whoever judges leases; none
-- waits for another's.
-- Waits for no disk: after a crash of Postgres the next one comes in 3 s.
-- :beats of workers, each with its state  :maxGapSeconds between two answers that still follow each other
with answered as (
  update leader set
    answering_since = case when greatest(answered_at, last_round_at) > now() - :maxGapSeconds::float8 * interval '1 second'
      then answering_since else now() end,
    answered_at = now()
  where name = any (array(
    select name from leader where coalesce(answered_at, last_round_at) < now() - interval '1 second' for update skip locked))
), asked as materialized (
  select w.id, b.state
  from jsonb_to_recordset(:beats::jsonb) as b ("workerId" uuid, state text)
  cross join lateral (select id, state from worker where id = b."workerId" offset 0) w
  where w.state <> 'gone'
), free as materialized (
  select id from worker where id = any (array(select id from asked)) and state <> 'gone' for no key update skip locked
), beaten as (
  update worker set state = asked.state, last_beat_at = now()
  from asked
  where worker.id = asked.id and worker.id = any (array(select id from free))
    and set_config('synchronous_commit', 'off', true) = 'off'
  returning worker.id, coalesce(drained_reason, case when quarantined_until > now() then quarantine_reason end) as drained_reason
)
select asked.id::text as "workerId", beaten.drained_reason as "drainedReason", beaten.id is null as held
from asked left join beaten using (id);
