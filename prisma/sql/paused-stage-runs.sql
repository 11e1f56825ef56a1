-- Those of the given (locked) stage runs that trials wait for, but none that may go on now, with the attempt that is queued or
-- runs on each.
-- :stageRunIds null asks it of all
select r.id::text, a.id::text as "attemptId"
from attempt a join stage_run r on r.id = a.stage_run_id
where a.state in ('queued', 'running') and r.state = 'active'
  and (:stageRunIds::uuid[] is null or r.id = any (:stageRunIds::uuid[]))
  and exists (select from need n where n.stage_run_id = r.id and n.released_at is null)
  and not exists (select from dispatchable_need n where n.stage_run_id = r.id)
order by stage_kind_rank(r.kind), r.stage_key;
