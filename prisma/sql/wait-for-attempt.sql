-- Waits until no other transaction holds an attempt, and then holds it.
select id::text from attempt where id = :attemptId::uuid for no key update;
