-- A version of a dataset, known by its bytes: one that is there stays, under the name it has.
insert into dataset_version (sha256, dataset_id, classes, input_shape, train_count, validation_count, test_count)
select :sha256, id, :classes::text[], :inputShape::int[], :trainCount::int, :validationCount::int, :testCount::int
from dataset where name = :name
on conflict do nothing;
