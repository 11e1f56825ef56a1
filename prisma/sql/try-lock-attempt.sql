-- Locks a stage run and the attempt on it, in this order; no row where another transaction holds one of them, or where leases may
-- not be judged now: a coordinator that was stopped since it asked would else judge by what it saw then.
with run as (
  select id from stage_run
  where id = (select stage_run_id from attempt where id = :attemptId::uuid)
    and not exists (
      select from leader
      where answered_at < now() - :maxGapSeconds::float8 * interval '1 second'
        or answering_since > now() - :leaseSeconds::float8 * interval '1 second')
  for update skip locked
)
select a.id::text from run join attempt a on a.id = :attemptId::uuid
for update of a skip locked;
