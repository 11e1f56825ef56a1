-- A version of a dataset, with the dataset's name.
select d.name, v.sha256, v.classes, v.input_shape as "inputShape", v.train_count as "trainCount",
  v.validation_count as "validationCount", v.test_count as "testCount", v.created_at as "createdAt"
from dataset_version v join dataset d on d.id = v.dataset_id
where v.sha256 = :sha256;
