-- Takes a worker out of service; one that is drained already keeps its reason. No row when none of the name is there.
-- $1 name  $2 reason
update worker set drained_at = coalesce(drained_at, now()), drained_reason = coalesce(drained_reason, $2)
where name = $1 and state <> 'gone'
returning id::text;
