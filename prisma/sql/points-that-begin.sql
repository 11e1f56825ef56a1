-- Frontier points whose ids lie between two, as those that begin alike do, that a team may see; and its newest trial that needs each.
select p.id::text, p.variant, p.method, p.budget, p.seed, p.relu_count as "reluCount", p.model, d.name as dataset,
  p.dataset_version as "datasetVersion", r.stage_key as "stageKey", mine."experimentId", mine."trialId"
from frontier_point p
join stage_run r on r.id = p.stage_run_id
join dataset_version v on v.sha256 = p.dataset_version
join dataset d on d.id = v.dataset_id
left join lateral (
  select e.id::text as "experimentId", t.id::text as "trialId"
  from (select trial_id from need where stage_run_id = p.stage_run_id offset 0) n
  join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
  where e.team_id = :teamId::uuid
  order by e.created_at desc, t.number limit 1
) mine on true
where p.id between :first::uuid and :last::uuid and (r.scope_team_id is null or r.scope_team_id = :teamId::uuid)
order by p.id limit :limit::int;
