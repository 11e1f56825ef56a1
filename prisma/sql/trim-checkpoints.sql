-- Drops all but the last checkpoints of a stage run; pinned ones stay.
-- $1 stage run  $2 how many stay
delete from checkpoint
where stage_run_id = $1::uuid and not pinned and step not in (
  select step from checkpoint where stage_run_id = $1::uuid and not pinned order by step desc limit $2::int);
