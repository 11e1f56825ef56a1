-- Ends a worker's quarantine: what failed there before counts no more. No row when none of the name is there.
update worker set quarantined_until = null, quarantine_reason = null, quarantines = 0, trusted_since = now()
where name = :name and state <> 'gone'
returning id::text;
