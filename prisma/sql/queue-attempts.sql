-- Ready stage runs become active, each with its next attempt and the outbox row that announces it. One that another
-- dispatcher took meanwhile is left out.
with chosen as (
  select * from jsonb_to_recordset(:chosen::jsonb) as c ("stageRunId" uuid, "teamId" uuid)
), taken as (
  update stage_run set state = 'active', retry_at = null from chosen
  where stage_run.id = chosen."stageRunId" and stage_run.state = 'ready'
  returning stage_run.id, stage_run.kind, stage_run.pool, chosen."teamId"
), born as (
  insert into attempt (stage_run_id, number, team_id)
  select id, 1 + coalesce((select max(number) from attempt a where a.stage_run_id = taken.id), 0), "teamId" from taken
  returning id, stage_run_id, number
), announced as (
  insert into outbox (attempt_id) select id from born
)
select born.id::text as "attemptId", born.stage_run_id::text as "stageRunId", born.number, taken.kind, taken.pool
from born join taken on taken.id = born.stage_run_id;
