-- Locks a stage run and the attempt on it, in this order; no row where another transaction holds one of them.
with run as (
  select id from stage_run
  where id = (select stage_run_id from attempt where id = :attemptId::uuid)
  for update skip locked
)
select a.id::text from run join attempt a on a.id = :attemptId::uuid
for update of a skip locked;
