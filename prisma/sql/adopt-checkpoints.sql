-- New stage runs go on from what a cancelled one of their key left: its checkpoints move over, and with them a copy of its
-- curves, so that no step lacks. They move, since a failure is never cached: what went on from them and failed keeps them.
with heir as (
  select distinct on (new.id) new.id, old.id as source
  from stage_run new
  join stage_run old on old.stage_key = new.stage_key and old.scope_team_id is not distinct from new.scope_team_id
    and old.state = 'cancelled'
  join checkpoint c on c.stage_run_id = old.id
  where new.id = any (:stageRunIds::uuid[])
  order by new.id, c.step desc
), adopted as (
  update checkpoint set stage_run_id = heir.id from heir where checkpoint.stage_run_id = heir.source
)
insert into metric_block (stage_run_id, series, block, steps, values)
select heir.id, m.series, m.block, m.steps, m.values from heir join metric_block m on m.stage_run_id = heir.source;
