-- Those of the given (locked) stage runs that no trial waits for any more, with the attempt that is on each.
-- `after`: the last 32 bits of the transaction that wrote it before this one, for its events.
select r.id::text, r.state, r.xmin::text as "after", a.id::text as "attemptId", a.state as "attemptState"
from stage_run r left join attempt a on a.stage_run_id = r.id and a.state in ('queued', 'running', 'stopping')
where r.id = any (:stageRunIds::uuid[])
  and not exists (select from need n where n.stage_run_id = r.id and n.released_at is null)
order by r.stage_key;
