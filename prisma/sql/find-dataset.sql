-- The newest version of a dataset that a team may see, or the newest whose hash begins with the given digits.
-- :digits may be none
select d.name, v.sha256 as version, v.classes, v.input_shape as "inputShape", v.train_count as "trainCount",
  d.team_id::text as "teamId"
from dataset d join dataset_version v on v.dataset_id = d.id
where d.name = :name and (d.team_id is null or d.team_id = :teamId::uuid) and starts_with(v.sha256, :digits)
order by v.created_at desc, v.sha256 limit 1;
