-- Ends an attempt.
-- $1 attempt  $2 state  $3 reason or null  $4 failure or null  $5 step reached, or null to keep what the last beat said
-- $6 states that this one may follow
update attempt set
  state = $2, reason = $3::text, failure = $4::jsonb, ended_at = now(),
  progress = case when $5::int is null or progress is null then progress else jsonb_set(progress, '{step}', to_jsonb($5::int)) end
where id = $1::uuid and state = any ($6::text[])
returning id::text;
