-- Writes a piece of a running attempt's log at its byte offset, under its epoch; the same piece twice is one. No row when stale.
with fence as (
  select id from attempt where id = :attemptId::uuid and epoch = :epoch::int and state in ('running', 'stopping') for share
), chunk as (
  insert into log_chunk (attempt_id, "offset", bytes) select id, :offset::int, :bytes::bytea from fence on conflict do nothing
)
select id::text from fence;
