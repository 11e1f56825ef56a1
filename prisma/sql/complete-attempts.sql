-- Ends locked attempts with their stage runs' results: both states, what the slots' time costs, the artifacts, and word of it.
-- Time-based checkpoints go.
-- Arrays and `offset 0` keep the planner on the keys.
-- :completions of attempts, each with a result and its artifacts
with asked as materialized (
  select * from jsonb_to_recordset(:completions::jsonb) as c ("attemptId" uuid, result jsonb, artifacts jsonb)
), held as materialized (
  select a.id, a.stage_run_id, a.team_id, a.number, (a.progress ->> 'step')::int as step, w.name as worker,
    greatest(0, extract(epoch from now() - a.started_at)::float8 - a.gpu_seconds) as seconds, asked.result, asked.artifacts
  from asked
  cross join lateral (select * from attempt where id = asked."attemptId" offset 0) a
  cross join lateral (select name from worker where id = a.worker_id offset 0) w
), ended as (
  update attempt set state = 'succeeded', ended_at = now(), gpu_seconds = attempt.gpu_seconds + held.seconds
  from held
  where attempt.id = held.id and attempt.id = any (array(select id from held)) and attempt.state in ('running', 'stopping')
  returning held.*
), done as (
  update stage_run set
    state = 'succeeded', result = ended.result, finished_at = now(), gpu_seconds = stage_run.gpu_seconds + ended.seconds
  from ended
  where stage_run.id = ended.stage_run_id and stage_run.id = any (array(select stage_run_id from ended))
    and stage_run.state = 'active'
  returning stage_run.id, ended.id as attempt_id, ended.artifacts
), charged as (
  insert into usage (team_id, seconds) select team_id, sum(seconds) from ended group by team_id
), left_over as (
  insert into stage_run_artifact (stage_run_id, variant, role, sha256)
  select done.id, o.*
  from done cross join lateral jsonb_to_recordset(done.artifacts) as o (variant text, role text, sha256 text)
), trimmed as (
  delete from checkpoint where stage_run_id = any (array(select id from done)) and not pinned
), told as (
  insert into event (team_id, experiment_id, stage_run_id, attempt_id, type, data)
  select e.team_id, e.id, ended.stage_run_id, said.attempt_id, said.type, said.data
  from ended cross join lateral experiments_of(ended.stage_run_id) e cross join lateral (values
    (1, ended.id, 'attempt.changed', jsonb_build_object(
      'number', ended.number, 'state', 'succeeded', 'worker', ended.worker, 'step', ended.step, 'reason', null)),
    (2, null, 'stage-run.changed', jsonb_build_object('state', 'succeeded', 'reason', null))
  ) as said (place, attempt_id, type, data)
  order by said.place
)
select attempt_id::text as id from done;
