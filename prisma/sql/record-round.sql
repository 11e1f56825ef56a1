-- Records a leader's round, and answers for how many seconds Postgres has answered one after the other, whoever led. No row
-- when another leads.
-- $1 name  $2 holder  $3 most seconds since the last round that break no such row
update leader set
  answering_since = case when last_round_at > now() - $3::float8 * interval '1 second' then answering_since else now() end,
  last_round_at = now()
where name = $1 and holder = $2
returning extract(epoch from now() - answering_since)::float8 as "answeredSeconds";
