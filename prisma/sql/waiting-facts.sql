-- What keeps a stage run from its slot; no row where it has one, or has ended.
-- :halfLifeSeconds of a team's use
-- :leaseSeconds after which a silent worker is not counted
select r.state, r.kind, r.pool,
  coalesce((
    select jsonb_agg(distinct jsonb_build_object('kind', s.kind, 'state', s.state))
    from stage_run_input i join stage_run s on s.id = i.source_stage_run_id
    where i.stage_run_id = r.id and s.state <> 'succeeded'), '[]') as inputs,
  exists (select from dispatchable_need n where n.stage_run_id = r.id) as dispatchable,
  exists (
    select from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
    where n.stage_run_id = r.id and n.released_at is null and n.paused and e.state = 'active') as "pausedAlone",
  (select min(t.name)
   from (select distinct team_id from dispatchable_need where stage_run_id = r.id) n
   join team t on t.id = n.team_id join team_usage(:halfLifeSeconds::float8) used on used.team_id = t.id
   having bool_and(t.quota_hard and (used.gpu_seconds >= t.quota) is true)
  ) as "teamOverQuota",
  extract(epoch from r.retry_at - now())::float8 as "retryInSeconds", slot.*
from stage_run r cross join lateral (
  select count(*)::int as slots,
    count(*) filter (where not exists (
      select from attempt a where a.worker_id = w.id and a.state in ('running', 'stopping')))::int as "freeSlots"
  from serving_worker w
  where w.pool = r.pool and w.last_beat_at > now() - :leaseSeconds::int * interval '1 second'
) slot
where r.id = :stageRunId::uuid and r.state in ('blocked', 'ready', 'active')
  and not exists (select from attempt a where a.stage_run_id = r.id and a.state in ('running', 'stopping'));
