-- What each method reached at each budget with a dataset version and model, as means over the seeds, of the points that a team may see.
-- :teamId null may see all
with hidden as materialized (
  select id from stage_run
  where (scope_team_id < :teamId::uuid or scope_team_id > :teamId::uuid) and state not in ('failed', 'cancelled')
)
select method, avg(relu_count)::float8 as "reluCount", avg(validation_accuracy) as "validationAccuracy",
  avg(test_accuracy) as "testAccuracy"
from frontier_point
where dataset_version = :datasetVersion and model = :model and stage_run_id not in (select id from hidden)
group by method, recipe, variant, convention, coalesce(budget, relu_count);
