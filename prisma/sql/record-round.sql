-- Records a leader's round, and answers for how many seconds Postgres has answered workers or leaders, one after the other. No row
-- when another leads.
-- :maxGapSeconds between two answers that still follow each other
update leader set
  answering_since = case when greatest(answered_at, last_round_at) > now() - :maxGapSeconds::float8 * interval '1 second'
    then answering_since else now() end,
  answered_at = now(), last_round_at = now()
where name = :name and holder = :holder
returning extract(epoch from now() - answering_since)::float8 as "answeredSeconds";
