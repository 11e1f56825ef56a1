-- Stage runs as screens show them: inputs, what they produced, how far the running attempt is, and, in an experiment's
-- view, how the experiment came by each and how many of its trials need it. The reason of a ready one is why no living
-- worker could take it, if so.
-- :experimentId in whose view, or null
-- :leaseSeconds after which a silent worker is not counted
with needed as (
  select n.stage_run_id as id, min(array_position(array['ran', 'shared', 'cached'], n.origin)) as origin, count(*)::int as trials
  from trial t join need n on n.trial_id = t.id where t.experiment_id = :experimentId::uuid and n.stage_run_id = any (:stageRunIds::uuid[])
  group by n.stage_run_id
)
select r.id::text, r.stage_key as "stageKey", r.kind, r.implementation, r.version, r.params, r.precision, r.seed, r.state,
  case when r.state = 'ready' then (
    select case
      when count(*) = 0 then format('no worker of pool %s is running', r.pool)
      when count(*) filter (where fit.served) = 0 then format('every worker of pool %s is drained', r.pool)
      when not bool_or(fit.version) then format('no worker of pool %s has %s version %s', r.pool, r.implementation, r.version)
      when not bool_or(fit.precision) then format('no worker of pool %s computes in %s', r.pool, r.precision)
      when not bool_or(fit.dataset) then format('no worker of pool %s has the data set', r.pool)
      when not bool_or(fit.version and fit.precision and fit.dataset)
        then format('no one worker of pool %s has the version, the precision and the data set', r.pool)
    end
    from worker w cross join lateral (
      select served, served and (w.versions ->> r.implementation)::int is not distinct from r.version as version,
        served and coalesce(w.engine -> 'precisions', '["fp32"]') ? r.precision as precision,
        served and r.dataset_version = any (w.datasets) as dataset
      from (select w.drained_at is null as served) service
    ) fit
    where w.pool = r.pool and w.state not in ('gone', 'draining') and w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
  ) else r.reason end as reason, r.result, r.created_at as "createdAt", r.finished_at as "finishedAt",
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
where r.id = any (:stageRunIds::uuid[])
order by array_position(array['train', 'sensitivity', 'mask-search', 'distillation', 'private-inference'], r.kind), r.created_at, r.stage_key;
