-- Charges the time a slot was held since the last bill to the attempt, its stage run and its team. The team's charge is a row
-- of its own: at the team's row all that its attempts end would wait for each other.
with used as (
  select id, stage_run_id, team_id, greatest(0, extract(epoch from now() - started_at)::float8 - gpu_seconds) as seconds
  from attempt where id = :attemptId::uuid and started_at is not null
), bill as (
  update attempt set gpu_seconds = attempt.gpu_seconds + used.seconds from used where attempt.id = used.id
), run as (
  update stage_run set gpu_seconds = stage_run.gpu_seconds + used.seconds from used where stage_run.id = used.stage_run_id
)
insert into usage (team_id, seconds) select team_id, seconds from used;
