-- Ends a locked attempt with its stage run's result: both states, what the slot's time costs, the artifacts, and word of it.
-- Time-based checkpoints go.
with held as (
  select a.id, a.stage_run_id, a.team_id, a.number, (a.progress ->> 'step')::int as step, w.name as worker,
    greatest(0, extract(epoch from now() - a.started_at)::float8 - a.gpu_seconds) as seconds
  from attempt a join worker w on w.id = a.worker_id where a.id = :attemptId::uuid
), ended as (
  update attempt set state = 'succeeded', ended_at = now(), gpu_seconds = attempt.gpu_seconds + held.seconds
  from held where attempt.id = held.id and attempt.state in ('running', 'stopping')
  returning held.*
), done as (
  update stage_run set
    state = 'succeeded', result = :result::jsonb, finished_at = now(), gpu_seconds = stage_run.gpu_seconds + ended.seconds
  from ended where stage_run.id = ended.stage_run_id and stage_run.state = 'active'
  returning stage_run.id
), charged as (
  insert into usage (team_id, seconds) select team_id, seconds from ended
), left_over as (
  insert into stage_run_artifact (stage_run_id, variant, role, sha256)
  select done.id, o.* from done, jsonb_to_recordset(:artifacts::jsonb) as o (variant text, role text, sha256 text)
), trimmed as (
  delete from checkpoint where stage_run_id = (select id from done) and not pinned
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
select id::text from done;
