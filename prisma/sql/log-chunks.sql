-- Pieces of an attempt's log that hold bytes from an offset on; none begins beyond the limit.
-- :offset and :limit in bytes
select "offset", bytes from log_chunk
where attempt_id = :attemptId::uuid and "offset" + octet_length(bytes) > :offset::int and "offset" < :offset::bigint + :limit::int
order by "offset";
