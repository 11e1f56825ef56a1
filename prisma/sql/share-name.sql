-- Until commit, whoever locks the name waits; others that share it do not.
select pg_advisory_xact_lock_shared(hashtextextended(:name, 0))::text as locked;
