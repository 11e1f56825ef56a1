-- Renews the leases of running attempts under their epochs. `state` null: it is not the attempt's any more, or `held`: another
-- transaction has it, and whoever beats several waits for none, since that could cost the others their leases.
-- Waits for no disk: after a crash of Postgres the next one comes in 3 s, within the lease that stood before.
-- `unbilled`: seconds of the slot that its team was not charged yet.
-- :beats of attempts, each with its epoch; its `progress` null keeps the last
with asked as materialized (
  select * from jsonb_to_recordset(:beats::jsonb) as b ("attemptId" uuid, epoch int, progress jsonb)
), ours as materialized (
  select a.id, asked.progress
  from asked cross join lateral (select id, epoch, state from attempt where id = asked."attemptId" offset 0) a
  where a.epoch = asked.epoch and a.state in ('running', 'stopping')
), free as materialized (
  select id, epoch from attempt where id = any (array(select id from ours)) and state in ('running', 'stopping')
  for no key update skip locked
), beaten as (
  update attempt set
    lease_expires_at = now() + :leaseSeconds::int * interval '1 second',
    progress = coalesce(asked.progress, attempt.progress)
  from asked join free on free.id = asked."attemptId" and free.epoch = asked.epoch
  where attempt.id = free.id and attempt.id = any (array(select id from free))
    and set_config('synchronous_commit', 'off', true) = 'off'
  returning attempt.id, attempt.state, attempt.stop, extract(epoch from now() - attempt.started_at)::float8 - attempt.gpu_seconds as unbilled
)
select asked."attemptId"::text, beaten.state, beaten.stop, beaten.unbilled, ours.id is not null and free.id is null as held
from asked
left join ours on ours.id = asked."attemptId"
left join free on free.id = asked."attemptId"
left join beaten on beaten.id = asked."attemptId";
