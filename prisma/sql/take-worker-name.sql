-- Whoever had the name before is gone.
-- $1 name
update worker set state = 'gone', left_at = now() where name = $1 and state <> 'gone';
