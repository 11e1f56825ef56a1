-- Counts a tally from the start, unless another did so meanwhile. The same as `experiment_summary` does, but what changes without an
-- event is left to whoever reads: of what has not ended, how far it is.
-- :snapshot that it had, or null
update experiment_tally t set snapshot = pg_current_snapshot(), at = now(), trials = sweep.trials, methods = sweep.methods,
  budgets = sweep.budgets, seeds = sweep.seeds, total = work.total, succeeded = work.succeeded, cached = work.cached,
  failed = work.failed, cancelled = work.cancelled, gpu_seconds = work.gpu_seconds, images = work.images, open = work.open,
  released = work.released, reached = points.reached
from (
  select count(*)::int as trials, array_agg(distinct method) as methods,
    coalesce(array_agg(distinct budget) filter (where budget is not null), '{}') as budgets, array_agg(distinct seed) as seeds
  from trial where experiment_id = :experimentId::uuid
) sweep, (
  select count(*)::int as total, count(*) filter (where state = 'succeeded')::int as succeeded,
    count(*) filter (where cached)::int as cached, count(*) filter (where state = 'failed')::int as failed,
    count(*) filter (where state = 'cancelled')::int as cancelled,
    coalesce(sum(gpu_seconds) filter (where ended and not cached), 0)::float8 as gpu_seconds,
    coalesce(sum(images) filter (where not ended and not released), 0)::float8 as images,
    coalesce(array_agg(id) filter (where begun and not ended and not released), '{}') as open,
    coalesce(array_agg(id) filter (where released and not ended), '{}') as released
  from (
    select r.*, needed.cached, needed.released, r.state in ('succeeded', 'failed', 'cancelled') as ended
    from (
      select n.stage_run_id, bool_and(n.origin = 'cached') as cached, bool_and(n.released_at is not null) as released
      from need n
      where n.trial_id = any (array(select id from trial where experiment_id = :experimentId::uuid))
      group by n.stage_run_id
    ) needed
    cross join lateral (
      select id, state, gpu_seconds, state = 'active' or epoch > 0 as begun,
        (params ->> 'steps')::bigint * (params #>> '{settings,batchSize}')::bigint as images
      from stage_run where id = needed.stage_run_id offset 0
    ) r
  ) run
) work, (
  select coalesce(jsonb_agg(to_jsonb(summed)), '[]') as reached
  from (
    select method, variant, coalesce(budget, relu_count) as budget, count(*)::int as points, sum(relu_count)::float8 as relus,
      sum(validation_accuracy) as validation, sum(test_accuracy) as test
    from frontier_point
    where stage_run_id = any (array(
      select stage_run_id from need
      where trial_id = any (array(select id from trial where experiment_id = :experimentId::uuid))))
    group by method, variant, coalesce(budget, relu_count)
  ) summed
) points
where t.experiment_id = :experimentId::uuid and t.snapshot::text is not distinct from :snapshot::text;
