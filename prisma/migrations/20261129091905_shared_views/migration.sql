-- Attempts as the API shows them.
create or replace view attempt_detail with (security_invoker = true) as
select a.id, a.stage_run_id as "stageRunId", a.number, a.state, w.name as worker, a.engine, a.start_step as "startStep",
  (a.progress ->> 'step')::int as step, a.inexact, a.reason, a.failure,
  case when a.state in ('running', 'stopping') then extract(epoch from now() - a.started_at)::float8 else a.gpu_seconds end as "gpuSeconds",
  a.queued_at as "queuedAt", a.started_at as "startedAt", a.ended_at as "endedAt"
from attempt a left join worker w on w.id = a.worker_id;

-- Experiments as a row of their screen shows them. A released need whose stage run goes on for others counts as cancelled.
-- `reached` are its points, as means over the seeds. Remaining images over images per second give the time left.
-- Arrays and `offset 0` keep the planner on the keys of the experiments that are asked for: it would read the tables of all
-- from end to end, once for each, for 5,000 stage runs among 100,000.
create or replace view experiment_summary with (security_invoker = true) as
select e.id, e.team_id as "teamId", e.name, e.state, e.reason, e.owner, e.model, e.recipe, e.granularity, e.precision,
  e.priority, e.pool, e.created_at as "createdAt", e.finished_at as "finishedAt", d.name as dataset,
  e.dataset_version as "datasetVersion", sweep.*, work.*, points.reached
from experiment e
join dataset_version v on v.sha256 = e.dataset_version
join dataset d on d.id = v.dataset_id
cross join lateral (
  select count(*)::int as trials, array_agg(distinct method) as methods,
    coalesce(array_agg(distinct budget) filter (where budget is not null), '{}') as budgets, array_agg(distinct seed) as seeds
  from trial where experiment_id = e.id
) sweep
cross join lateral (
  select count(*)::int as total,
    count(*) filter (where state = 'succeeded')::int as succeeded,
    count(*) filter (where cached)::int as cached,
    count(*) filter (where state = 'active')::int as active,
    count(*) filter (where state in ('blocked', 'ready'))::int as waiting,
    count(*) filter (where state = 'failed')::int as failed,
    count(*) filter (where state = 'cancelled')::int as cancelled,
    coalesce(sum(gpu_seconds) filter (where not cached), 0)::float8 as "gpuSeconds",
    coalesce(sum(images) filter (where state in ('blocked', 'ready', 'active')), 0)::float8 as "imagesLeft",
    coalesce(sum(rate) filter (where state = 'active'), 0)::float8 as "imagesPerSecond"
  from (
    select
      case when needed.released and r.state in ('blocked', 'ready', 'active') then 'cancelled' else r.state end as state,
      needed.cached, r.gpu_seconds, (a.progress ->> 'imagesPerSecond')::float8 as rate,
      ((r.params ->> 'steps')::bigint - coalesce((a.progress ->> 'step')::bigint, 0))
        * (r.params #>> '{settings,batchSize}')::bigint as images
    from (
      select n.stage_run_id, bool_and(n.origin = 'cached') as cached, bool_and(n.released_at is not null) as released
      from need n
      where n.trial_id = any (array(select id from trial where experiment_id = e.id))
      group by n.stage_run_id
    ) needed
    cross join lateral (
      select id, state, params, gpu_seconds from stage_run where id = needed.stage_run_id offset 0
    ) r
    left join attempt a on a.stage_run_id = r.id and a.state in ('running', 'stopping')
  ) runs
) work
cross join lateral (
  select coalesce(jsonb_agg(jsonb_build_object('method', method, 'reluCount', relus, 'validationAccuracy', validation,
    'testAccuracy', test) order by relus, method, variant), '[]') as reached
  from (
    select p.method, p.variant, avg(p.relu_count)::float8 as relus, avg(p.validation_accuracy) as validation, avg(p.test_accuracy) as test
    from frontier_point p
    where p.stage_run_id = any (array(
      select stage_run_id from need where trial_id = any (array(select id from trial where experiment_id = e.id))))
    group by p.method, p.variant, coalesce(p.budget, p.relu_count)
  ) mean
) points;

-- Workers that take work, as far as they said: whether one still lives, its last beat tells.
create or replace view serving_worker with (security_invoker = true) as
select id, name, pool, engine, versions, datasets, coalesce(engine -> 'precisions', '["fp32"]') as precisions, last_beat_at,
  trusted_since
from worker
where state not in ('gone', 'draining') and drained_at is null;

-- The place of a kind of stage in the method's order: inputs come before those that read them.
create or replace function stage_kind_rank(kind text) returns int
language sql immutable parallel safe
return array_position(array['train', 'sensitivity', 'mask-search', 'distillation', 'private-inference'], kind);

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
    from stage_run_artifact o join artifact f using (sha256) where o.stage_run_id = r.id), '[]') as artifacts
from stage_run r;

-- Trials with their needs, and the point that each reached: that of its last stage, none before that one has ended.
create or replace view trial_detail with (security_invoker = true) as
select t.id, t.experiment_id as "experimentId", t.number, t.method, t.model, t.budget, t.seed, e.state as "experimentState",
  needs.needs, needs.reason, p.relu_count as "reluCount", p.validation_accuracy as "validationAccuracy", p.test_accuracy as "testAccuracy"
from trial t join experiment e on e.id = t.experiment_id
cross join lateral (
  select jsonb_agg(jsonb_build_object('stageRunId', r.id, 'kind', r.kind, 'origin', n.origin, 'state', r.state)
      order by stage_kind_rank(r.kind)) as needs,
    min(r.reason) filter (where r.state = 'failed') as reason
  from need n join stage_run r on r.id = n.stage_run_id where n.trial_id = t.id
) needs
left join lateral (
  select p.relu_count, p.validation_accuracy, p.test_accuracy
  from frontier_point p where p.stage_run_id = (needs.needs -> -1 ->> 'stageRunId')::uuid
  order by (p.variant <> 'full'), p.variant limit 1
) p on true;

-- Names of the workers that were lost within a lease of a moment at which another's lease ran out. One is lost when the lease
-- of its attempt runs out, noticed or not, and when it falls silent or is replaced without having left: one that leaves beats
-- as it goes.
create or replace function workers_lost_near(moment timestamptz, lease interval) returns table (name text)
language sql stable parallel safe as $$
  select w.name
  from attempt a join worker w on w.id = a.worker_id
  where (a.state = 'lost' or a.state in ('running', 'stopping') and a.lease_expires_at < now())
    and a.lease_expires_at between moment - lease and moment + lease
  union all
  select w.name
  from worker w
  where w.left_at is distinct from w.last_beat_at
    and (w.left_at is not null or w.last_beat_at < now() - lease)
    and w.last_beat_at between moment - 2 * lease and moment
$$;
