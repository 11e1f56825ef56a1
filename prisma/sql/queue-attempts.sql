-- Ready stage runs become active, each with its next attempt, the outbox row that announces it, and word of both. One that
-- another dispatcher took meanwhile, or that was paused, is left out.
-- :chosen in the order of their turns  :holder who brings the announcements to Redis itself; null leaves them to whoever claims them
with chosen as (
  select c.* from rows from (jsonb_to_recordset(:chosen::jsonb) as ("stageRunId" uuid, "teamId" uuid))
    with ordinality as c ("stageRunId", "teamId", place)
), taken as (
  update stage_run set state = 'active', retry_at = null from chosen
  where stage_run.id = chosen."stageRunId" and stage_run.state = 'ready'
    and stage_run.id = any (array(select "stageRunId" from chosen)) -- keeps the planner on the keys
    and exists (select from dispatchable_need n where n.stage_run_id = stage_run.id)
  returning stage_run.id, stage_run.kind, stage_run.pool, chosen."teamId", chosen.place
), born as (
  insert into attempt (stage_run_id, number, team_id)
  select id, 1 + coalesce((select max(number) from attempt a where a.stage_run_id = taken.id), 0), "teamId" from taken
  order by place
  returning id, stage_run_id, number
), announced as (
  insert into outbox (attempt_id, claimed_by, claimed_at)
  select born.id, :holder::text, case when :holder::text is not null then now() end
  from born join taken on taken.id = born.stage_run_id
  order by taken.place
  returning id, attempt_id
), told as (
  insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
  select e.team_id, e.id, born.stage_run_id, said.attempt_id, said.type, said.data
  from born cross join lateral experiments_of(born.stage_run_id) e cross join lateral (values
    (1, null, 'stage-run.changed', jsonb_build_object('state', 'active', 'reason', null)),
    (2, born.id, 'attempt.changed', jsonb_build_object(
      'number', born.number, 'state', 'queued', 'worker', null, 'step', null, 'reason', null))
  ) as said (place, attempt_id, type, data)
  order by born.stage_run_id, said.place
)
select announced.id as "outboxId", born.id::text as "attemptId", born.number, born.stage_run_id::text as "stageRunId", taken.kind,
  taken.pool
from born join taken on taken.id = born.stage_run_id join announced on announced.attempt_id = born.id
order by announced.id;
