-- Stage runs of a queue that some living worker can run now, each with the need that is charged: of the highest priority,
-- and of these of the team that used least of its share. Of every team and priority the oldest.
-- What workers can run is asked once for all stage runs that ask for the same: of 10,000 that wait most do. Where all active
-- experiments are of one team and one priority, the oldest are next, and no more are looked at than are wanted: 14 ms among 3,000,
-- not 80. (What waits is needed by an active experiment then; once some are held back, they have to be left out before the limit.)
-- :most of each  :halfLifeSeconds of a team's use
-- :leaseSeconds after which a silent worker is not counted
with spent as materialized (
  select team_id, weight, gpu_seconds, gpu_seconds / weight as share from team_usage(:halfLifeSeconds::float8)
), serving as materialized (
  select distinct versions, datasets, precisions from serving_worker
  where pool = :pool and extract(epoch from now() - last_beat_at) < :leaseSeconds::int
), waiting as materialized (
  select id, created_at, implementation, version, dataset_version, "precision" from stage_run
  where state = 'ready' and kind = :kind and pool = :pool and (retry_at is null or retry_at <= now())
), served as materialized (
  select * from (select distinct implementation, version, dataset_version, "precision" from waiting) asked
  where exists (
    select from serving s
    where (s.versions ->> asked.implementation)::int = asked.version and asked.dataset_version = any (s.datasets)
      and s.precisions ? asked."precision")
), oldest as materialized (
  select waiting.id, waiting.created_at
  from waiting join served using (implementation, version, dataset_version, "precision")
  order by waiting.created_at, waiting.id
  limit case when (select count(distinct (priority, team_id)) from experiment where state = 'active') <= 1 then :most::int end
)
select "stageRunId", "createdAt", priority, "teamId", "teamWeight", "teamGpuSeconds" from (
  select r.id::text as "stageRunId", r.created_at as "createdAt", charged.*,
    row_number() over (partition by charged.priority, charged."teamId" order by r.created_at, r.id) as place
  from oldest r
  cross join lateral (
    select e.priority, e.team_id::text as "teamId", spent.weight as "teamWeight", spent.gpu_seconds as "teamGpuSeconds"
    from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
    join spent on spent.team_id = e.team_id
    where n.stage_run_id = r.id and n.released_at is null and e.state = 'active'
    order by e.priority desc, spent.share, e.team_id
    limit 1
  ) charged
) candidate
where place <= :most::int;
