-- Waits until no other transaction holds a worker, and then holds it.
select id::text from worker where id = :workerId::uuid for no key update;
