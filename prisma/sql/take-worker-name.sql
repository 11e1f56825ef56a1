-- Whoever had the name before is gone, and did not leave: its last beat stays before its end, however close they are.
-- $1 name
update worker set state = 'gone', left_at = now(), last_beat_at = least(last_beat_at, now() - interval '1 millisecond')
where name = $1 and state <> 'gone';
