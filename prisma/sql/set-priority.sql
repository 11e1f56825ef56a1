-- Gives what an experiment waits for another turn.
-- :priority 0 low, 1 normal, 2 high
update experiment set priority = :priority::smallint where id = :experimentId::uuid;
