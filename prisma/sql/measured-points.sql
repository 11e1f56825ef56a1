-- Points of a dataset version and model that a team may see: those whose private inference was measured and all-ReLU models,
-- whose accuracy others are compared with; and how many there are besides.
-- :teamId null may see all
select coalesce(jsonb_agg(p.id) filter (where p.told), '[]') as "pointIds",
  (count(*) filter (where not p.told))::int as others
from (
  select p.id, p.method = 'ar' or exists (
    select from stage_run_input i
    join stage_run m on m.id = i.stage_run_id and m.state = 'succeeded'
    where i.source_stage_run_id = p.stage_run_id and i.name = 'prModel' and i.variant = p.variant
  ) as told
  from frontier_point p
  join stage_run r on r.id = p.stage_run_id
  where p.dataset_version = :datasetVersion and p.model = :model
    and (r.scope_team_id is null or :teamId::uuid is null or r.scope_team_id = :teamId::uuid)
) p;
