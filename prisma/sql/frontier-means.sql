-- What each method reached at each budget with a dataset version and model, as means over the seeds, of the points that a team may
-- see: of the sums so far, and of the points that are in none yet. Networks from elsewhere each have means of their own.
-- :teamId null may see all
select method, sum(relus) / sum(points) as "reluCount", sum(validation) / sum(points) as "validationAccuracy",
  sum(test) / sum(points) as "testAccuracy"
from (
  select method, recipe, variant, convention, asked, source, points, relus, validation, test
  from frontier_mean
  where dataset_version = :datasetVersion and model = :model
    and (scope_team_id is null or :teamId::uuid is null or scope_team_id = :teamId::uuid)
  union all
  select p.method, p.recipe, p.variant, p.convention, coalesce(p.budget, p.relu_count), given.sha256, 1, p.relu_count,
    p.validation_accuracy, p.test_accuracy
  from frontier_point p join stage_run r on r.id = p.stage_run_id left join lateral source_of(p.stage_run_id) given on true
  where p.dataset_version = :datasetVersion and p.model = :model and p.dominated is not true and p.dominated is null
    and (r.scope_team_id is null or :teamId::uuid is null or r.scope_team_id = :teamId::uuid)
) part
group by method, recipe, variant, convention, asked, source;
