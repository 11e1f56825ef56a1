-- Tallies of experiments, brought up to now: what ended since the snapshot is added. A stage run ends once, and an experiment is
-- told so in the same transaction. Only those that hold: no older than events may be, and of experiments that still need what they
-- needed then, so that no command changed them, and no stage run failed, whose trials wait for nothing any more.
create or replace view experiment_tally_now with (security_invoker = true) as
select t.experiment_id, t.snapshot, t.at, since.touched, t.trials, t.methods, t.budgets, t.seeds, t.total,
  t.succeeded + done.succeeded as succeeded, t.cached, t.failed, t.cancelled + done.cancelled as cancelled,
  t.gpu_seconds + done.gpu_seconds as gpu_seconds, t.images - done.images as images, done.open, done.released,
  case when done.achieved is null then t.reached else (
    select coalesce(jsonb_agg(to_jsonb(summed)), '[]') from (
      select method, variant, budget, sum(points)::int as points, sum(relus) as relus, sum(validation) as validation, sum(test) as test
      from (
        select * from jsonb_to_recordset(t.reached) as kept (method text, variant text, budget int, points int, relus float8,
          validation float8, test float8)
        union all
        select method, variant, coalesce(budget, relu_count), 1, relu_count, validation_accuracy, test_accuracy
        from frontier_point where stage_run_id = any (done.achieved)
      ) each
      group by method, variant, budget
    ) summed
  ) end as reached
from experiment_tally t
cross join lateral (
  select coalesce(array_agg(distinct v.stage_run_id) filter (
      where v.type = 'stage-run.changed' and v.data ->> 'state' not in ('blocked', 'ready')), '{}') as touched,
    coalesce(bool_or(v.type = 'experiment.changed' and v.data ->> 'state' <> 'finished'
      or v.type = 'stage-run.changed' and v.data ->> 'state' = 'failed'), false) as changed
  from event v
  where v.experiment_id = t.experiment_id and v.xid >= pg_snapshot_xmin(t.snapshot)
    and not pg_visible_in_snapshot(v.xid, t.snapshot)
) since
cross join lateral (
  select count(*) filter (where state = 'succeeded')::int as succeeded,
    count(*) filter (where state = 'cancelled')::int as cancelled,
    coalesce(sum(gpu_seconds) filter (where ended), 0) as gpu_seconds,
    coalesce(sum(images) filter (where ended and not released), 0)::float8 as images,
    coalesce(array_agg(id) filter (where begun and not ended and not released), '{}') as open,
    coalesce(array_agg(id) filter (where released and not ended), '{}') as released,
    array_agg(id) filter (where state = 'succeeded') as achieved
  from (
    select r.*, r.state in ('succeeded', 'failed', 'cancelled') as ended, r.id = any (t.released) as released
    from (select unnest(since.touched || t.open || t.released) as id group by 1) known
    cross join lateral (
      select id, state, gpu_seconds, state = 'active' or epoch > 0 as begun,
        (params ->> 'steps')::bigint * (params #>> '{settings,batchSize}')::bigint as images
      from stage_run where id = known.id offset 0
    ) r
  ) run
) done
where t.snapshot is not null and t.at > now() - interval '23 hours' and not since.changed;
