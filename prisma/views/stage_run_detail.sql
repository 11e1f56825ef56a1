-- Stage runs as the API shows them, outside of any experiment's view: with their inputs, what they produced, and how far the
-- running attempt is.
create or replace view stage_run_detail with (security_invoker = true) as
select r.id, r.stage_key as "stageKey", r.kind, r.implementation, r.version, r.params, r.precision, r.seed,
  r.dataset_version as "datasetVersion", r.pool, r.state, r.reason, r.result, r.created_at as "createdAt",
  r.finished_at as "finishedAt",
  (select count(*)::int from attempt a where a.stage_run_id = r.id) as attempts,
  (select a.progress from attempt a where a.stage_run_id = r.id and a.state in ('running', 'stopping')) as progress,
  coalesce((
    select jsonb_agg(jsonb_build_object('name', i.name, 'stageRunId', i.source_stage_run_id, 'variant', i.variant, 'artifact', i.sha256) order by i.name)
    from stage_run_input i where i.stage_run_id = r.id), '[]') as inputs,
  coalesce((
    select jsonb_agg(jsonb_build_object('role', o.role, 'variant', o.variant, 'sha256', o.sha256, 'bytes', f.bytes, 'mediaType', f.media_type)
      order by o.variant <> 'full', o.variant, o.role)
    from stage_run_artifact o join artifact f using (sha256) where o.stage_run_id = r.id), '[]') as artifacts, r.resources
from stage_run r;
