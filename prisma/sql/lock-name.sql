-- Until commit, others that ask for the same name wait. Not a session's lock, so a pooler does not matter.
select pg_advisory_xact_lock(hashtextextended(:name, 0))::text as locked;
