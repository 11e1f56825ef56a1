-- The block of each series that new points begin in: the last one whose first step is not above the first new step.
-- :firstSteps the first new step of each of :series
select distinct on (b.series) b.series, b.block, b.steps, b.values
from unnest(:series::text[], :firstSteps::int[]) as new (series, step)
join metric_block b on b.stage_run_id = :stageRunId::uuid and b.series = new.series and (b.block = 0 or b.steps[1] <= new.step)
order by b.series, b.block desc;
