-- Writes blocks of metrics and drops what an earlier attempt wrote behind them.
-- Waits for no disk: a crash of Postgres may cost a curve its last points.
with blocks as (
  select * from jsonb_to_recordset(:blocks::jsonb) as b (series text, block int, steps int[], "values" float8[])
), stale as (
  delete from metric_block old
  using (select series, max(block) as last from blocks group by series) new
  where old.stage_run_id = :stageRunId::uuid and old.series = new.series and old.block > new.last
)
insert into metric_block (stage_run_id, series, block, steps, "values")
select :stageRunId::uuid, series, block, steps, "values" from blocks
where set_config('synchronous_commit', 'off', true) = 'off'
order by series, block
on conflict (stage_run_id, series, block) do update set steps = excluded.steps, "values" = excluded."values";
