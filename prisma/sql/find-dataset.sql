-- The newest version of a dataset that a team may see, or the newest whose hash begins with the given digits.
-- $1 team  $2 name  $3 digits, perhaps none
select d.name, v.sha256, v.classes, v.input_shape as "inputShape", v.train_count as "trainCount",
  case when d.team_id is not null then d.team_id::text end as "privateTo"
from dataset d join dataset_version v on v.dataset_id = d.id
where d.name = $2 and (d.team_id is null or d.team_id = $1::uuid) and starts_with(v.sha256, $3)
order by v.created_at desc, v.sha256 limit 1;
