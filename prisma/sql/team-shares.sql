-- Teams by name, with their use of late.
-- :teamId null for all  :halfLifeSeconds of a team's use
select t.name, t.weight, used.gpu_seconds as "gpuSeconds", t.quota, t.quota_hard as hard
from team t join team_usage(:halfLifeSeconds::float8) used on used.team_id = t.id
where :teamId::uuid is null or t.id = :teamId::uuid
order by t.name;
