-- Puts a worker back into service: what it lost before counts no more. No row when none of the name is there.
-- $1 name
update worker set drained_at = null, drained_reason = null, trusted_since = now()
where name = $1 and state <> 'gone'
returning id::text;
