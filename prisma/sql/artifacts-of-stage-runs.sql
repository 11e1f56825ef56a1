-- What succeeded stage runs produced.
select o.stage_run_id::text as "stageRunId", o.variant, o.role, o.sha256, a.bytes, a.media_type as "mediaType"
from stage_run_artifact o join artifact a using (sha256)
where o.stage_run_id = any (:stageRunIds::uuid[])
order by o.stage_run_id, o.variant, o.role;
