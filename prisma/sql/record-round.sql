-- Records a leader's round, and answers for how many seconds Postgres has answered one after the other, whoever led. No row
-- when another leads.
-- :maxGapSeconds between two rounds that still follow each other
update leader set
  answering_since = case when last_round_at > now() - :maxGapSeconds::float8 * interval '1 second' then answering_since else now() end,
  last_round_at = now()
where name = :name and holder = :holder
returning extract(epoch from now() - answering_since)::float8 as "answeredSeconds";
