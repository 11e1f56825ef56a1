-- Records where a stage run can resume from; the row now keeps the bytes, so the attempt's hold ends.
with unheld as (
  delete from artifact_hold where attempt_id = :attemptId::uuid and sha256 = :sha256
)
insert into checkpoint (stage_run_id, attempt_id, step, sha256) values (:stageRunId::uuid, :attemptId::uuid, :step::int, :sha256)
on conflict (stage_run_id, step) do update set attempt_id = excluded.attempt_id, sha256 = excluded.sha256, created_at = now();
