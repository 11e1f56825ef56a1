-- Stage runs of a queue that some living worker can run now, each with the need that is charged: of the highest priority,
-- and of these of the team that used least of its share. Enough of every team to fill the queue.
-- :room how many fit into the queue  :halfLifeSeconds of a team's use
-- :leaseSeconds after which a silent worker is not counted
select "stageRunId", "createdAt", priority, "teamId", "teamWeight", "teamGpuSeconds" from (
  select r.id::text as "stageRunId", r.created_at as "createdAt", charged.*,
    row_number() over (partition by charged.priority, charged."teamId" order by r.created_at, r.id) as place
  from stage_run r
  cross join lateral (
    select e.priority, e.team_id::text as "teamId", team.weight as "teamWeight",
      team.gpu_seconds * 0.5 ^ (greatest(0, extract(epoch from now() - team.usage_at)::float8) / :halfLifeSeconds::float8) as "teamGpuSeconds"
    from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id join team on team.id = e.team_id
    where n.stage_run_id = r.id and n.released_at is null and e.state = 'active'
    order by e.priority desc, team.gpu_seconds / team.weight, e.team_id
    limit 1
  ) charged
  where r.state = 'ready' and r.kind = :kind and r.pool = :pool and (r.retry_at is null or r.retry_at <= now())
    and exists (
      select from serving_worker w
      where w.pool = r.pool and w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
        and (w.versions ->> r.implementation)::int = r.version and r.dataset_version = any (w.datasets)
        and w.precisions ? r.precision)
) candidate
where place <= :room::int;
