-- A worker's slot is taken.
update worker set state = 'busy' where id = :workerId::uuid
returning name;
