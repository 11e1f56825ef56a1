-- Points of a dataset version and model that a team may see, all-ReLU models first, then by ReLU count: `frontier-points`
-- tells more of each.
-- :teamId null may see all
select p.id::text
from frontier_point p
join stage_run r on r.id = p.stage_run_id
where p.dataset_version = :datasetVersion and p.model = :model
  and (r.scope_team_id is null or :teamId::uuid is null or r.scope_team_id = :teamId::uuid)
order by (p.method <> 'ar'), p.relu_count, p.seed, p.id;
