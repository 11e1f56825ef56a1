-- Points of a dataset version and model that a team may see, all-ReLU models first, then by ReLU count: `frontier-points`
-- tells more of each.
-- $1 dataset version  $2 model  $3 team, or null for one that may see all
select p.id::text
from frontier_point p
join stage_run r on r.id = p.stage_run_id
where p.dataset_version = $1 and p.model = $2
  and (r.scope_team_id is null or $3::uuid is null or r.scope_team_id = $3::uuid)
order by (p.method <> 'ar'), p.relu_count, p.seed, p.id;
