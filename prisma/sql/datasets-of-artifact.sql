-- Data sets, by name, of the stage runs that made an artifact or were given it, as far as a team may see them.
select distinct d.name
from (
  select a.stage_run_id from stage_run_artifact a where a.sha256 = :sha256
  union
  select i.stage_run_id from stage_run_input i where i.sha256 = :sha256
) used
join stage_run r on r.id = used.stage_run_id and r.state = 'succeeded'
join dataset_version v on v.sha256 = r.dataset_version
join dataset d on d.id = v.dataset_id
where (r.scope_team_id is null or r.scope_team_id = :teamId::uuid) and (d.team_id is null or d.team_id = :teamId::uuid)
order by d.name;
