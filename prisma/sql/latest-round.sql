-- For how long no coordinator has made a round, by Postgres' clock; null where none ever has.
select extract(epoch from now() - max(last_round_at))::float8 as "ageSeconds" from leader;
