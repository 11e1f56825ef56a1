-- A page of experiments, newest first.
-- $1 team, or null for all  $2 state or null  $3 part of a name or null  $4 creation time and $5 id after which to go on, or null
-- $6 how many
select id::text, created_at as "createdAt" from experiment
where ($1::uuid is null or team_id = $1::uuid) and ($2::text is null or state = $2)
  and ($3::text is null or strpos(lower(name), lower($3)) > 0)
  and ($4::timestamptz is null or (created_at, id) < ($4::timestamptz, $5::uuid))
order by created_at desc, id desc limit $6::int;
