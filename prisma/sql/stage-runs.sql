-- Stage runs as screens show them: inputs, what they produced, how far the running attempt is, and, in an experiment's
-- view, how the experiment came by each and how many of its trials need it.
-- $1 stage runs, or null for those of the experiment  $2 experiment or null
with needed as (
  select n.stage_run_id as id, min(array_position(array['ran', 'shared', 'cached'], n.origin)) as origin, count(*)::int as trials
  from trial t join need n on n.trial_id = t.id where t.experiment_id = $2::uuid
  group by n.stage_run_id
)
select r.id::text, r.stage_key as "stageKey", r.kind, r.implementation, r.version, r.params, r.precision, r.seed, r.state,
  r.reason, r.result, r.created_at as "createdAt", r.finished_at as "finishedAt",
  (array['ran', 'shared', 'cached'])[needed.origin] as origin, coalesce(needed.trials, 0) as trials,
  (select count(*)::int from attempt a where a.stage_run_id = r.id) as attempts,
  (select a.progress from attempt a where a.stage_run_id = r.id and a.state in ('running', 'stopping')) as progress,
  coalesce((
    select jsonb_agg(jsonb_build_object('name', i.name, 'stageRunId', i.source_stage_run_id, 'variant', i.variant, 'artifact', i.sha256) order by i.name)
    from stage_run_input i where i.stage_run_id = r.id), '[]') as inputs,
  coalesce((
    select jsonb_agg(jsonb_build_object('role', o.role, 'variant', o.variant, 'sha256', o.sha256, 'bytes', f.bytes, 'mediaType', f.media_type)
      order by o.variant <> 'full', o.variant, o.role)
    from stage_run_artifact o join artifact f using (sha256) where o.stage_run_id = r.id), '[]') as artifacts
from stage_run r left join needed on needed.id = r.id
where r.id = any ($1::uuid[]) or $1::uuid[] is null and needed.id is not null
order by array_position(array['train', 'sensitivity', 'mask-search', 'distillation', 'private-inference'], r.kind), r.created_at, r.stage_key;
