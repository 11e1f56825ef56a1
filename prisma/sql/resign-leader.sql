-- Gives a lease back, so that another need not wait for its end.
-- $1 name  $2 holder
delete from leader where name = $1 and holder = $2;
