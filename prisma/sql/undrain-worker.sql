-- Puts a worker back into service: what it lost before counts no more. No row when none of the name is there.
update worker set drained_at = null, drained_reason = null, trusted_since = now()
where name = :name and state <> 'gone'
returning id::text;
