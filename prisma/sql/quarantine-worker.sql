-- Gives a worker no work for a time, or until it is released. No row when none of the name is there.
-- :seconds null until it is released  :quarantines in a row, with this one
update worker set quarantine_reason = :reason, quarantines = :quarantines::int,
  quarantined_until = coalesce(now() + :seconds::float8 * interval '1 second', 'infinity')
where name = :name and state <> 'gone'
returning id::text;
