-- What each method reached at each budget with a dataset version and model, as means over the seeds, of the points that a team may see.
-- Networks from elsewhere each have means of their own: `given` holds the same source as frontier-points tells, of all that have one.
-- :teamId null may see all
with hidden as materialized (
  select id from stage_run
  where (scope_team_id < :teamId::uuid or scope_team_id > :teamId::uuid) and state not in ('failed', 'cancelled')
), given as materialized (
  select distinct on (stage_run_id) stage_run_id, sha256
  from (
    select stage_run_id, sha256, name from stage_run_input where sha256 is not null and name in ('arModel', 'student')
    union all
    select i.stage_run_id, s.sha256, i.name
    from stage_run_input s join stage_run_input i on i.source_stage_run_id = s.stage_run_id and i.name = 'student'
    where s.sha256 is not null and s.name = 'start'
  ) brought
  order by stage_run_id, name desc
)
select p.method, avg(p.relu_count)::float8 as "reluCount", avg(p.validation_accuracy) as "validationAccuracy",
  avg(p.test_accuracy) as "testAccuracy"
from frontier_point p left join given on given.stage_run_id = p.stage_run_id
where p.dataset_version = :datasetVersion and p.model = :model and p.stage_run_id not in (select id from hidden)
group by p.method, p.recipe, p.variant, p.convention, coalesce(p.budget, p.relu_count), given.sha256;
