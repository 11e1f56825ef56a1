-- Writes a piece of a running attempt's log at its byte offset, under its epoch; the same piece twice is one. No row when stale.
-- Waits for no disk: a crash of Postgres may cost the last half second of a log.
with fence as (
  select id from attempt
  where id = :attemptId::uuid and epoch = :epoch::int and state in ('running', 'stopping')
    and set_config('synchronous_commit', 'off', true) = 'off'
  for share
), chunk as (
  insert into log_chunk (attempt_id, "offset", bytes) select id, :offset::int, :bytes::bytea from fence on conflict do nothing
)
select id::text from fence;
