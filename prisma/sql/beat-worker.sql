-- Says that a worker lives and what its slot does; no row when it is gone.
update worker set state = :state, last_beat_at = now() where id = :workerId::uuid and state <> 'gone'
returning drained_reason as "drainedReason";
