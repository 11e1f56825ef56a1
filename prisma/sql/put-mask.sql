-- The masks a search found, with the granularity it was asked for.
-- $1 stage run  $2 variant  $3 sha256  $4 budget, or null for the one asked for  $5 ReLU count
insert into mask (stage_run_id, variant, sha256, granularity, budget, relu_count)
select id, $2, $3, params ->> 'granularity', coalesce($4::int, (params ->> 'budget')::int), $5::int
from stage_run where id = $1::uuid;
