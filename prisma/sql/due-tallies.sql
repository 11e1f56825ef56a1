-- Tallies that are to be brought up to now, since much followed or events may soon go, or, where they do not hold, are to be counted
-- from the start.
-- :many stage runs that a reader of a tally should not have to add
select t.experiment_id::text as "experimentId", t.snapshot::text, held.experiment_id is not null as holds
from experiment_tally t
left join experiment_tally_now held on held.experiment_id = t.experiment_id
where held.experiment_id is null or cardinality(held.touched) >= :many::int or t.at < now() - interval '12 hours';
