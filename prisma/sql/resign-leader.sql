-- Gives a lease back, so that another need not wait for its end. What was recorded of rounds stays for that one.
update leader set expires_at = now() - interval '1 second' where name = :name and holder = :holder;
