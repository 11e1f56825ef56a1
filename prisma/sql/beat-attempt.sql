-- Renews the lease of a running attempt under its epoch; no row: it is not the attempt's any more.
-- `unbilled`: seconds of the slot that its team was not charged yet.
-- $1 attempt  $2 epoch  $3 lease in seconds  $4 progress, or null to keep the last
update attempt set
  lease_expires_at = now() + $3::int * interval '1 second',
  progress = coalesce($4::jsonb, progress)
where id = $1::uuid and epoch = $2::int and state in ('running', 'stopping')
returning state, stop, extract(epoch from now() - started_at)::float8 - gpu_seconds as "unbilled";
