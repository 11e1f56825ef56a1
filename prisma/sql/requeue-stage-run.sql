-- An active stage run waits for its next attempt.
-- :failedStep of the checkpoint that the last failure fell back to  :delaySeconds before the next dispatch
update stage_run set state = 'ready', failures = :failures::int, failed_step = :failedStep::int,
  retry_at = case when :delaySeconds::float8 > 0 then now() + :delaySeconds::float8 * interval '1 second' end
where id = :stageRunId::uuid and state = 'active'
returning id::text;
