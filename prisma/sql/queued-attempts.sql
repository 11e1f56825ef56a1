-- Attempts that nobody claimed for a while, for comparison with what Redis holds.
-- $1 milliseconds
select a.id::text as "attemptId", r.id::text as "stageRunId", r.kind, r.pool
from attempt a join stage_run r on r.id = a.stage_run_id
where a.state = 'queued' and a.queued_at < now() - $1::float8 * interval '1 millisecond'
order by a.queued_at limit 1000;
