-- Adds what teams were charged to what they used of late, which decays with a half-life.
with charged as (
  delete from usage where id in (select id from usage order by id limit 10000 for update skip locked)
  returning team_id, seconds, at
), added as (
  select team_id, sum(seconds * 0.5 ^ (greatest(0, extract(epoch from now() - at)::float8) / :halfLifeSeconds::float8)) as seconds
  from charged group by team_id
)
update team set
  gpu_seconds = gpu_seconds * 0.5 ^ (greatest(0, extract(epoch from now() - usage_at)::float8) / :halfLifeSeconds::float8) + added.seconds,
  usage_at = now()
from added where team.id = added.team_id;
