-- Stage runs as screens show them, and, in an experiment's view, how the experiment came by each and how many of its trials need
-- it. `unservable`: why no living worker could take a ready one, if so.
-- :experimentId in whose view, or null
-- :leaseSeconds after which a silent worker is not counted
with needed as (
  select n.stage_run_id as id, min(array_position(array['ran', 'shared', 'cached'], n.origin)) as origin, count(*)::int as trials
  from trial t join need n on n.trial_id = t.id where t.experiment_id = :experimentId::uuid and n.stage_run_id = any (:stageRunIds::uuid[])
  group by n.stage_run_id
)
select r.*, (array['ran', 'shared', 'cached'])[needed.origin] as origin, coalesce(needed.trials, 0) as trials,
  case when r.state = 'ready' then (
    select case
      when count(*) = 0 then format('no worker of pool %s is running', r.pool)
      when count(*) filter (where fit.served) = 0 then format('every worker of pool %s is drained%s', r.pool,
        case when bool_or(w.quarantined_until > now()) then ' or quarantined' end)
      when not bool_or(fit.version) then format('no worker of pool %s has %s version %s', r.pool, r.implementation, r.version)
      when not bool_or(fit.precision) then format('no worker of pool %s computes in %s', r.pool, r.precision)
      when not bool_or(fit.dataset) then coalesce(
        min(format('data set %s is being prepared on worker %s%s', fit.preparing ->> 'name', w.name,
          ' (' || 100 * (fit.preparing ->> 'done')::bigint / nullif((fit.preparing ->> 'total')::int, 0) || ' %)'
        )) filter (where fit.preparing is not null),
        format('no worker of pool %s has the data set', r.pool))
      when not bool_or(fit.memory) then format('no worker of pool %s has %s GB of GPU memory (%s)', r.pool,
        round((r.resources ->> 'gpuMemory')::numeric / 1e9, 1)::float8,
        coalesce('the largest has ' || round(max(fit.gpu_memory) / 1e9, 1)::float8, 'none is known to have any'))
      when not bool_or(fit.labels) then format('no worker of pool %s has the labels %s', r.pool, (
        select string_agg(key || '=' || value, ', ' order by key) from jsonb_each_text(r.resources -> 'labels')))
      when not bool_or(fit.backend) then format('no worker of pool %s computes on %s', r.pool, r.resources ->> 'backend')
      when not bool_or(fit.version and fit.precision and fit.dataset)
        then format('no one worker of pool %s has the version, the precision and the data set', r.pool)
      when not bool_or(fit.version and fit.precision and fit.dataset and fit.memory and fit.labels and fit.backend)
        then format('no one worker of pool %s has all that it asks for', r.pool)
    end
    from worker w cross join lateral (
      select served, served and (w.versions ->> r.implementation)::int is not distinct from r.version as version,
        served and coalesce(w.engine -> 'precisions', '["fp32"]') ? r.precision as precision,
        served and r."datasetVersion" = any (w.datasets) as dataset,
        (select told from jsonb_array_elements(w.preparing_datasets) told
         where told ->> 'name' in (
           select d.name from dataset_version v left join dataset_further_name f using (sha256)
           join dataset d on d.id in (v.dataset_id, f.dataset_id) where v.sha256 = r."datasetVersion")
         limit 1) as preparing,
        served and has_resources(r.resources - 'labels' - 'backend', w.gpu_memory, w.labels, '') as memory,
        served and has_resources(r.resources - 'gpuMemory' - 'backend', null, w.labels, '') as labels,
        served and has_resources(r.resources - 'gpuMemory' - 'labels', null, w.labels, w.engine ->> 'backend') as backend,
        case when served then w.gpu_memory::numeric end as gpu_memory
      from (select w.drained_at is null and (w.quarantined_until is null or w.quarantined_until <= now()) as served) service
    ) fit
    where w.pool = r.pool and w.state not in ('gone', 'draining') and w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
  ) end as unservable
from stage_run_detail r left join needed on needed.id = r.id
where r.id = any (:stageRunIds::uuid[])
order by stage_kind_rank(r.kind), r."createdAt", r."stageKey";
