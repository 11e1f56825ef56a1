-- Attempts that nobody claimed for a while, for comparison with what Redis holds.
select a.id::text as "attemptId", r.id::text as "stageRunId", r.kind, r.pool
from attempt a join stage_run r on r.id = a.stage_run_id
where a.state = 'queued' and a.queued_at < now() - :olderThanMs::float8 * interval '1 millisecond'
order by a.queued_at limit 1000;
