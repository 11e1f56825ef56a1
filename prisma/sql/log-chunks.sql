-- Pieces of an attempt's log that hold bytes from an offset on; none begins beyond the limit.
-- $1 attempt  $2 offset  $3 limit in bytes
select "offset", bytes from log_chunk
where attempt_id = $1::uuid and "offset" + octet_length(bytes) > $2::int and "offset" < $2::bigint + $3::int
order by "offset";
