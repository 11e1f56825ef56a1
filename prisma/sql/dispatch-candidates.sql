-- Stage runs of a queue that some living worker can run now, each with the need that is charged: of the highest priority,
-- and of these of the team that used least of its share. Of every team and priority the oldest.
-- :most of each  :halfLifeSeconds of a team's use
-- :leaseSeconds after which a silent worker is not counted
with spent as materialized (
  select team_id, weight, gpu_seconds from team_usage(:halfLifeSeconds::float8)
), serving as materialized (
  select distinct versions, datasets, precisions from serving_worker
  where pool = :pool and last_beat_at > now() - :leaseSeconds::int * interval '1 second'
)
select "stageRunId", "createdAt", priority, "teamId", "teamWeight", "teamGpuSeconds" from (
  select r.id::text as "stageRunId", r.created_at as "createdAt", charged.*,
    row_number() over (partition by charged.priority, charged."teamId" order by r.created_at, r.id) as place
  from stage_run r
  cross join lateral (
    select e.priority, e.team_id::text as "teamId", spent.weight as "teamWeight", spent.gpu_seconds as "teamGpuSeconds"
    from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
    join spent on spent.team_id = e.team_id
    where n.stage_run_id = r.id and n.released_at is null and e.state = 'active'
    order by e.priority desc, spent.gpu_seconds / spent.weight, e.team_id
    limit 1
  ) charged
  where r.state = 'ready' and r.kind = :kind and r.pool = :pool and (r.retry_at is null or r.retry_at <= now())
    and exists (
      select from serving s
      where (s.versions ->> r.implementation)::int = r.version and r.dataset_version = any (s.datasets)
        and s.precisions ? r.precision)
) candidate
where place <= :most::int;
