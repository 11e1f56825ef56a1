-- Adds points that were not looked at yet to the sums of their seeds, and marks those that can be on no frontier: whoever sees
-- one of these sees another that is as accurate with fewer ReLUs, or more accurate with as many. Points never go, so it stays so.
-- Answers how many were new.
-- :most of them at a time
with fresh as materialized (
  select id, stage_run_id, dataset_version, model, method, recipe, variant, convention, coalesce(budget, relu_count) as asked,
    relu_count, validation_accuracy, test_accuracy
  from frontier_point where dominated is not true and dominated is null -- the one is the index that holds these
  limit :most::int
  for no key update skip locked
), added as (
  insert into frontier_mean (dataset_version, model, scope_team_id, method, recipe, variant, convention, asked, source, points, relus,
    validation, test)
  select f.dataset_version, f.model, r.scope_team_id, f.method, f.recipe, f.variant, f.convention, f.asked, given.sha256, count(*),
    sum(f.relu_count), sum(f.validation_accuracy), sum(f.test_accuracy)
  from fresh f join stage_run r on r.id = f.stage_run_id left join lateral source_of(f.stage_run_id) given on true
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  order by 1, 2, 3, 4, 5, 6, 7, 8, 9
  on conflict (dataset_version, model, scope_team_id, method, recipe, variant, convention, asked, source) do update set
    points = frontier_mean.points + excluded.points, relus = frontier_mean.relus + excluded.relus,
    validation = frontier_mean.validation + excluded.validation, test = frontier_mean.test + excluded.test
), candidate as materialized (
  select p.id, p.dataset_version, p.model, p.relu_count, p.validation_accuracy, r.scope_team_id
  from (
    select id, stage_run_id, dataset_version, model, relu_count, validation_accuracy from fresh
    union all
    select p.id, p.stage_run_id, p.dataset_version, p.model, p.relu_count, p.validation_accuracy
    from (select distinct dataset_version, model from fresh) touched
    join frontier_point p on p.dataset_version = touched.dataset_version and p.model = touched.model
    where p.dominated is not true and p.dominated is not null
  ) p join stage_run r on r.id = p.stage_run_id
), judged as (
  select c.id, c.scope_team_id is not distinct from viewer.team_id as own,
    max(c.validation_accuracy) over (
      partition by viewer.team_id, c.dataset_version, c.model order by c.relu_count, c.validation_accuracy desc
      groups between unbounded preceding and 1 preceding
    ) >= c.validation_accuracy as dominated
  from candidate c
  join (select distinct scope_team_id as team_id from candidate) viewer
    on c.scope_team_id is null or c.scope_team_id = viewer.team_id
), marked as (
  update frontier_point p set dominated = coalesce(judged.dominated, false) from judged
  where p.id = judged.id and judged.own and p.dominated is distinct from coalesce(judged.dominated, false)
    and p.id = any (array(select id from candidate)) -- keeps the planner on the keys
)
select count(*)::int as points from fresh;
