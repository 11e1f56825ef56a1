-- Until commit, others that ask for the same name wait. Not a session's lock, so a pooler does not matter.
-- $1 name
select pg_advisory_xact_lock(hashtextextended($1, 0))::text;
