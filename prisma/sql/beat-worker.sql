-- Says that a worker lives and what its slot does; no row when it is gone. One beat a second is on record as an answer of Postgres,
-- for whoever judges leases; none waits for another's.
-- Waits for no disk: after a crash of Postgres the next one comes in 3 s.
-- :maxGapSeconds between two answers that still follow each other
with answered as (
  update leader set
    answering_since = case when greatest(answered_at, last_round_at) > now() - :maxGapSeconds::float8 * interval '1 second'
      then answering_since else now() end,
    answered_at = now()
  where name = any (array(
    select name from leader where coalesce(answered_at, last_round_at) < now() - interval '1 second' for update skip locked))
)
update worker set state = :state, last_beat_at = now()
where id = :workerId::uuid and state <> 'gone' and set_config('synchronous_commit', 'off', true) = 'off'
returning coalesce(drained_reason, case when quarantined_until > now() then quarantine_reason end) as "drainedReason";
