-- Asks attempts to stop: queued ones end, running ones keep their slot until they have; one that was asked before is left.
-- `after`: the last 32 bits of the transaction that wrote the stage run before this one, for its events.
update attempt set
  state = case when state = 'queued' then 'cancelled' else 'stopping' end,
  stop = case when state = 'queued' then null else :how end,
  ended_at = case when state = 'queued' then now() end,
  reason = :reason
where id = any (:attemptIds::uuid[]) and state in ('queued', 'running')
returning id::text, stage_run_id::text as "stageRunId", number, state,
  (select name from worker where worker.id = worker_id) as "worker", (progress ->> 'step')::int as "step",
  (select xmin::text from stage_run where stage_run.id = stage_run_id) as "after";
