-- Recounts what blocked stage runs wait for; those that wait for nothing are ready. Answers those that this changes.
update stage_run set waiting_for = left_over.inputs, state = case when left_over.inputs = 0 then 'ready' else 'blocked' end
from (
  select r.id, count(s.id) filter (where s.state <> 'succeeded')::int as inputs
  from stage_run r
  left join stage_run_input i on i.stage_run_id = r.id
  left join stage_run s on s.id = i.source_stage_run_id
  where r.id = any (:stageRunIds::uuid[])
  group by r.id
) left_over
where stage_run.id = left_over.id and stage_run.state = 'blocked'
  and (left_over.inputs = 0 or left_over.inputs <> stage_run.waiting_for)
returning stage_run.id::text, stage_run.state;
