-- Takes a worker out of service; one that is drained already keeps its reason. No row when none of the name is there.
update worker set drained_at = coalesce(drained_at, now()), drained_reason = coalesce(drained_reason, :reason)
where name = :name and state <> 'gone'
returning id::text;
