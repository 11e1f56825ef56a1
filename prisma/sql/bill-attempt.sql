-- Charges the time a slot was held since the last bill to the attempt, its stage run and its team, whose use of late
-- decays with a half-life.
with used as (
  select id, stage_run_id, team_id, greatest(0, extract(epoch from now() - started_at)::float8 - gpu_seconds) as seconds
  from attempt where id = :attemptId::uuid and started_at is not null
), bill as (
  update attempt set gpu_seconds = attempt.gpu_seconds + used.seconds from used where attempt.id = used.id
), run as (
  update stage_run set gpu_seconds = stage_run.gpu_seconds + used.seconds from used where stage_run.id = used.stage_run_id
)
update team set
  gpu_seconds = gpu_seconds * 0.5 ^ (greatest(0, extract(epoch from now() - usage_at)::float8) / :halfLifeSeconds::float8) + used.seconds,
  usage_at = now()
from used where team.id = used.team_id;
