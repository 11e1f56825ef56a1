-- Records where a stage run can resume from; the row now keeps the bytes, so the attempt's hold ends.
-- $1 stage run  $2 attempt  $3 step  $4 sha256
with unheld as (
  delete from artifact_hold where attempt_id = $2::uuid and sha256 = $4
)
insert into checkpoint (stage_run_id, attempt_id, step, sha256) values ($1::uuid, $2::uuid, $3::int, $4)
on conflict (stage_run_id, step) do update set attempt_id = excluded.attempt_id, sha256 = excluded.sha256, created_at = now();
