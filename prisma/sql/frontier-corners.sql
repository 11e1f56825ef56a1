-- The points that validation accuracy leaves undominated among those of a dataset version and model that a team may see. Most of
-- 100,000 are marked as dominated by what every viewer sees: a few hundred are left to look at, in 2 ms.
-- :teamId null may see all
select id::text from (
  select p.id, p.validation_accuracy, max(p.validation_accuracy) over (
    order by p.relu_count, p.validation_accuracy desc, (p.method <> 'ar'), p.seed, p.id
    rows between unbounded preceding and 1 preceding) as better
  from frontier_point p join stage_run r on r.id = p.stage_run_id
  where p.dataset_version = :datasetVersion and p.model = :model and p.dominated is not true
    and (r.scope_team_id is null or :teamId::uuid is null or r.scope_team_id = :teamId::uuid)
) point
where better is null or validation_accuracy > better;
