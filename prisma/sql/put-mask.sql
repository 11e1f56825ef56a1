-- The mask a search found, with the budget and granularity it was asked for.
-- $1 stage run  $2 sha256  $3 ReLU count
insert into mask (stage_run_id, sha256, granularity, budget, relu_count)
select id, $2, params ->> 'granularity', (params ->> 'budget')::int, $3::int from stage_run where id = $1::uuid;
