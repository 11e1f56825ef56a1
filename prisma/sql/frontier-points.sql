-- Points of a frontier as its page shows them; experiments and trials of other teams without names.
-- :teamId null may see all
select p.id::text, p.stage_run_id::text as "stageRunId", mine."experimentId", mine."trialId", p.variant, p.method, p.recipe,
  p.seed, p.budget, p.relu_count as "reluCount",
  coalesce((r.result ->> 'polynomialUnits')::int, 0) as "polynomialUnits", p.convention,
  case when given.sha256 is not null then jsonb_build_object('sha256', given.sha256, 'name', given.name) end as source,
  p.macs::float8 as macs, p.images::float8 as images,
  p.gpu_seconds as "gpuSeconds", p.validation_accuracy as "validationAccuracy", p.test_accuracy as "testAccuracy",
  p.suspect
from frontier_point p
join stage_run r on r.id = p.stage_run_id
left join lateral (
  select brought.sha256, (
    select e.name
    from stage_run_input x
    join stage_run v on v.id = x.stage_run_id and v.implementation in ('train/imported', 'distillation/imported')
    join need n on n.stage_run_id = v.id join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
    where x.sha256 = brought.sha256 and (:teamId::uuid is null or e.team_id = :teamId::uuid)
    order by e.created_at, e.id limit 1
  ) as name
  from source_of(r.id) brought
) given on true
left join lateral (
  select e.id::text as "experimentId", t.id::text as "trialId"
  -- Needs first: before it has statistics of a large sweep, Postgres would go through all of its trials for each point, 7 ms.
  from (select trial_id from need where stage_run_id = p.stage_run_id offset 0) n
  join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
  where (:teamId::uuid is null or e.team_id = :teamId::uuid)
  order by e.created_at desc, t.number limit 1
) mine on true
where p.id = any (:pointIds::uuid[])
order by (p.method <> 'ar'), p.relu_count, p.seed, p.id;
