-- Whether Postgres answers.
select 1 as answered;
