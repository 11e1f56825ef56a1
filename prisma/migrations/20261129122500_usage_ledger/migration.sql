-- CreateTable
CREATE TABLE "usage" (
    "id" BIGSERIAL NOT NULL,
    "team_id" UUID NOT NULL,
    "seconds" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "usage" ADD CONSTRAINT "usage_seconds" CHECK ("seconds" >= 0 AND "seconds" < 'Infinity');

-- The experiments that need or used a stage run.
-- Arrays keep the planner on the keys: with joins it read all trials from end to end, once for each of 20,000 stage runs.
create or replace function experiments_of(stage_run uuid) returns table (id uuid, team_id uuid)
language sql stable parallel safe as $$
  select e.id, e.team_id from experiment e
  where e.id = any (array(
    select t.experiment_id from trial t
    where t.id = any (array(select n.trial_id from need n where n.stage_run_id = stage_run))))
$$;

-- What a stage run reads: of each input the artifact, of the role that its name tells, or null where its source left none.
create or replace function inputs_of(stage_run uuid, roles jsonb) returns table (name text, source uuid, variant text, sha256 text)
language sql stable parallel safe as $$
  select i.name, i.source_stage_run_id, i.variant, coalesce(i.sha256, o.sha256)
  from stage_run_input i
  left join stage_run_artifact o on o.stage_run_id = i.source_stage_run_id and o.variant = i.variant and o.role = roles ->> i.name
  where i.stage_run_id = stage_run
$$;

-- What each team used of late, which decays with a half-life in seconds: as of its row, and what it was charged since.
create or replace function team_usage(half_life float8) returns table (team_id uuid, weight float8, gpu_seconds float8)
language sql stable parallel safe as $$
  select team.id, team.weight,
    team.gpu_seconds * 0.5 ^ (greatest(0, extract(epoch from now() - team.usage_at)::float8) / half_life) + coalesce(charged.seconds, 0)
  from team
  left join (
    select u.team_id, sum(u.seconds * 0.5 ^ (greatest(0, extract(epoch from now() - u.at)::float8) / half_life)) as seconds
    from usage u group by u.team_id
  ) charged on charged.team_id = team.id
$$;

-- Whether a worker may take an attempt: it is registered, in the pool, of the version, has the data, computes in the
-- precision, its slot is free, and it is not drained.
create or replace function worker_fit(attempt_id uuid, worker_id uuid) returns table (
  registered boolean, drained_reason text, pool boolean, version boolean, dataset boolean, "precision" boolean, free boolean,
  implementation text, wanted_version int, wanted_pool text, wanted_dataset text, wanted_precision text
)
language sql stable parallel safe as $$
  select w.state <> 'gone', w.drained_reason, w.pool = r.pool,
    (w.versions ->> r.implementation)::int is not distinct from r.version, r.dataset_version = any (w.datasets),
    coalesce(w.engine -> 'precisions', '["fp32"]') ? r.precision,
    not exists (select from attempt x where x.worker_id = w.id and x.state in ('running', 'stopping')),
    r.implementation, r.version, r.pool, r.dataset_version, r.precision
  from attempt a join stage_run r on r.id = a.stage_run_id join worker w on w.id = worker_fit.worker_id
  where a.id = worker_fit.attempt_id
$$;
