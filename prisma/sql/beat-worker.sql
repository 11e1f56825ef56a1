-- Says that a worker lives and what its slot does; no row when it is gone.
-- Waits for no disk: after a crash of Postgres the next one comes in 3 s.
update worker set state = :state, last_beat_at = now()
where id = :workerId::uuid and state <> 'gone' and set_config('synchronous_commit', 'off', true) = 'off'
returning drained_reason as "drainedReason";
