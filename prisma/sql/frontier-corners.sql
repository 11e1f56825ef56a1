-- The points that validation accuracy leaves undominated among those of a dataset version and model that a team may see: from the
-- fewest ReLUs on, each time the next that is more accurate. By the index alone: of 100,000 points in 60 ms among other work.
-- :teamId null may see all
with recursive hidden as materialized (
  select id from stage_run
  where (scope_team_id < :teamId::uuid or scope_team_id > :teamId::uuid) and state not in ('failed', 'cancelled')
), corner as (
  (select relu_count, validation_accuracy from frontier_point
   where dataset_version = :datasetVersion and model = :model and stage_run_id not in (select id from hidden)
   order by relu_count, validation_accuracy desc limit 1)
  union all
  select next.relu_count, next.validation_accuracy
  from corner cross join lateral (
    select p.relu_count, p.validation_accuracy from frontier_point p
    where p.dataset_version = :datasetVersion and p.model = :model and p.relu_count > corner.relu_count
      and p.validation_accuracy > corner.validation_accuracy and p.stage_run_id not in (select id from hidden)
    order by p.relu_count, p.validation_accuracy desc limit 1
  ) next
)
select point.id::text
from corner cross join lateral (
  select p.id from frontier_point p
  where p.dataset_version = :datasetVersion and p.model = :model and p.relu_count = corner.relu_count
    and p.validation_accuracy = corner.validation_accuracy and p.stage_run_id not in (select id from hidden)
  order by p.method <> 'ar', p.seed, p.id limit 1
) point;
