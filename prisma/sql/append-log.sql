-- Writes a piece of a running attempt's log under its epoch; the same piece twice is one. No row when stale.
-- $1 attempt  $2 epoch  $3 offset in bytes  $4 bytes
with fence as (
  select id from attempt where id = $1::uuid and epoch = $2::int and state in ('running', 'stopping') for share
), chunk as (
  insert into log_chunk (attempt_id, "offset", bytes) select id, $3::int, $4::bytea from fence on conflict do nothing
)
select id::text from fence;
