-- Ends an experiment before its stage runs have.
-- $1 experiment  $2 state  $3 reason  $4 states that this one may follow
update experiment set state = $2, reason = $3::text, finished_at = now()
where id = $1::uuid and state = any ($4::text[])
returning id::text;
