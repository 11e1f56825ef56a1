-- The masks a search found, with the granularity it was asked for.
-- :budget null is the one asked for
insert into mask (stage_run_id, variant, sha256, granularity, budget, relu_count)
select id, :variant, :sha256, params ->> 'granularity', coalesce(:budget::int, (params ->> 'budget')::int), :reluCount::int
from stage_run where id = :stageRunId::uuid;
