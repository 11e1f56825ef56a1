-- The edges of new stage runs.
insert into stage_run_input (stage_run_id, name, source_stage_run_id, variant, sha256)
select * from jsonb_to_recordset(:inputs::jsonb) as edge ("stageRunId" uuid, name text, "sourceStageRunId" uuid, variant text, sha256 text);
