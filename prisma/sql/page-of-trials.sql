-- Trials of an experiment in the plan's order.
-- :after the number of the last one that was told
select id::text, number from trial where experiment_id = :experimentId::uuid and number > :after::int order by number limit :limit::int;
