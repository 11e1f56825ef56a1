-- What a stage run reads: of each input the artifact, of the role that its name tells, or null where its source left none.
create or replace function inputs_of(stage_run uuid, roles jsonb) returns table (name text, source uuid, variant text, sha256 text)
language sql stable parallel safe as $$
  select i.name, i.source_stage_run_id, i.variant, coalesce(i.sha256, o.sha256)
  from stage_run_input i
  left join stage_run_artifact o on o.stage_run_id = i.source_stage_run_id and o.variant = i.variant and o.role = roles ->> i.name
  where i.stage_run_id = stage_run
$$;
