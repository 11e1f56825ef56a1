-- Gives a lease back, so that another need not wait for its end. What was recorded of rounds stays for that one.
-- $1 name  $2 holder
update leader set expires_at = now() - interval '1 second' where name = $1 and holder = $2;
