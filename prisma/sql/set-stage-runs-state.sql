-- Moves stage runs to a state; those that end get their time.
-- $1 stage runs  $2 state  $3 reason or null
update stage_run set
  state = $2, reason = $3::text, finished_at = case when $2 in ('succeeded', 'failed', 'cancelled') then now() end
where id = any ($1::uuid[]);
