-- Attempts that nobody wants any more: queued ones end, running ones are asked to stop and keep their slot until they do.
-- $1 attempts  $2 reason
update attempt set
  state = case when state = 'queued' then 'cancelled' else 'stopping' end,
  stop = case when state = 'queued' then null else 'now' end,
  ended_at = case when state = 'queued' then now() end,
  reason = $2
where id = any ($1::uuid[]) and state in ('queued', 'running')
returning id::text, stage_run_id::text as "stageRunId", number, state,
  (select name from worker where worker.id = worker_id) as "worker", (progress ->> 'step')::int as "step";
