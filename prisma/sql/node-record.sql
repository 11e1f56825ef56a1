-- What a worker's own faults cost of late and since it last succeeded, since it is trusted and since its last quarantine. What fails
-- on other workers by theirs, too, tells of the stage run or its data, not of a machine.
-- `quarantines` without a success since.
select w.name, coalesce((
    select jsonb_agg(jsonb_build_object('stageRunId', a.stage_run_id, 'cause', a.failure ->> 'cause') order by a.ended_at desc)
    from worker same join attempt a on a.worker_id = same.id
    where same.name = w.name and a.state = 'failed' and a.failure ->> 'fault' = 'node' and a.ended_at > greatest(
      w.trusted_since, w.quarantined_until, success.at, now() - :windowSeconds::int * interval '1 second')
      and not exists (
        select from attempt o join worker ow on ow.id = o.worker_id
        where o.stage_run_id = a.stage_run_id and ow.name <> w.name and o.state = 'failed' and o.failure ->> 'fault' = 'node')
  ), '[]') as failures,
  case when success.at > w.quarantined_until then 0 else w.quarantines end as quarantines
from worker w cross join lateral (
  select max(a.ended_at) as at from worker same join attempt a on a.worker_id = same.id
  where same.name = w.name and a.state = 'succeeded'
) success
where w.id = (select worker_id from attempt where id = :attemptId::uuid) and w.state <> 'gone';
