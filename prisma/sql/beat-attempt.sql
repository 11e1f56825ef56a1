-- Renews the lease of a running attempt under its epoch; no row: it is not the attempt's any more.
-- Waits for no disk: after a crash of Postgres the next one comes in 3 s, within the lease that stood before.
-- `unbilled`: seconds of the slot that its team was not charged yet.
-- :progress null keeps the last
update attempt set
  lease_expires_at = now() + :leaseSeconds::int * interval '1 second',
  progress = coalesce(:progress::jsonb, progress)
where id = :attemptId::uuid and epoch = :epoch::int and state in ('running', 'stopping')
  and set_config('synchronous_commit', 'off', true) = 'off'
returning state, stop, extract(epoch from now() - started_at)::float8 - gpu_seconds as "unbilled";
