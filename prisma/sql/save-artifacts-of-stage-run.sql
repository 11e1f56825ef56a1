-- What a stage run left.
insert into stage_run_artifact (stage_run_id, variant, role, sha256)
select :stageRunId::uuid, left_over.* from jsonb_to_recordset(:artifacts::jsonb) as left_over (variant text, role text, sha256 text);
