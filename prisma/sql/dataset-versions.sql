-- Dataset versions that a team may see under each of their names, by name, newest first; the first name of each is its dataset's.
-- :teamId null may see all
with named as (
  select v.sha256, d.name, v.created_at, true as first from dataset_version v join dataset d on d.id = v.dataset_id
  union all
  select f.sha256, d.name, f.created_at, false from dataset_further_name f join dataset d on d.id = f.dataset_id
)
select named.name, v.sha256, v.classes, v.input_shape as "inputShape", v.train_count as "trainCount",
  v.validation_count as "validationCount", v.test_count as "testCount", named.created_at as "createdAt",
  array(
    select other.name from named other where other.sha256 = v.sha256 and other.name <> named.name order by other.first desc, other.name
  ) as "alsoNamed"
from named join dataset_version v on v.sha256 = named.sha256 join dataset d on d.id = v.dataset_id
where d.team_id is null or :teamId::uuid is null or d.team_id = :teamId::uuid
order by named.name collate "C", named.created_at desc;
