-- Drops all but the last checkpoints of a stage run; pinned ones stay.
delete from checkpoint
where stage_run_id = :stageRunId::uuid and not pinned and step not in (
  select step from checkpoint where stage_run_id = :stageRunId::uuid and not pinned order by step desc limit :keep::int);
