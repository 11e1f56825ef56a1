-- Stage runs of a queue that some living worker can run now, each with the need that is charged: of the highest priority,
-- and of these of the team that used least of its share; teams within their quotas first. Of every team and priority the oldest.
-- What workers can run is asked once for all stage runs that ask for the same: of 10,000 that wait most do. Where all active
-- experiments are of one team and one priority, and nothing is paused, of no trial either, the oldest are next, and no more are
-- looked at than are wanted: 14 ms among 3,000, not 80.
-- :most of each  :halfLifeSeconds of a team's use
-- :slots all; or free: what only busy workers can run waits while other slots are free, which it would starve
-- :leaseSeconds after which a silent worker is not counted
with spent as materialized (
  select used.team_id, used.weight, used.gpu_seconds, used.gpu_seconds / used.weight as share,
    used.gpu_seconds >= t.quota is true as over
  from team_usage(:halfLifeSeconds::float8) used join team t on t.id = used.team_id
  where not (t.quota_hard and used.gpu_seconds >= t.quota is true)
), living as materialized (
  select versions, datasets, precisions, gpu_memory, labels, backend,
    (select a.id from attempt a where a.worker_id = w.id and a.state in ('running', 'stopping') limit 1) is null as free
  from serving_worker w
  where pool = :pool and extract(epoch from now() - last_beat_at) < :leaseSeconds::int
), serving as materialized (
  select distinct versions, datasets, precisions, gpu_memory, labels, backend from living
  where free or :slots::text = 'all' or not exists (select from living where free)
), waiting as materialized (
  select id, created_at, implementation, version, dataset_version, "precision", resources from stage_run
  where state = 'ready' and kind = :kind and pool = :pool and (retry_at is null or retry_at <= now())
), served as materialized (
  select * from (select distinct implementation, version, dataset_version, "precision", resources from waiting) asked
  where exists (
    select from serving s
    where can_run(asked.implementation, asked.version, asked.dataset_version, asked."precision", asked.resources,
      s.versions, s.datasets, s.precisions, s.gpu_memory, s.labels, s.backend))
), oldest as materialized (
  select waiting.id, waiting.created_at
  from waiting join served using (implementation, version, dataset_version, "precision", resources)
  order by waiting.created_at, waiting.id
  limit case when (select count(distinct (priority, team_id)) from experiment where state = 'active') <= 1
    and not exists (select from experiment where state = 'paused')
    and not exists (
      select from need n join stage_run r on r.id = n.stage_run_id
      where (n.paused or n.priority is not null) and n.released_at is null and r.state = 'ready') then :most::int end
)
select "stageRunId", "createdAt", priority, "teamId", "teamWeight", "teamGpuSeconds", "teamOverQuota" from (
  select r.id::text as "stageRunId", r.created_at as "createdAt", charged.*,
    row_number() over (partition by charged.priority, charged."teamId" order by r.created_at, r.id) as place
  from oldest r
  cross join lateral (
    select n.priority, n.team_id::text as "teamId", spent.weight as "teamWeight", spent.gpu_seconds as "teamGpuSeconds",
      spent.over as "teamOverQuota"
    from dispatchable_need n join spent on spent.team_id = n.team_id
    where n.stage_run_id = r.id
    order by spent.over, n.priority desc, spent.share, n.team_id
    limit 1
  ) charged
) candidate
where place <= :most::int;
