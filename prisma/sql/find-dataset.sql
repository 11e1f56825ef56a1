-- The newest version of a dataset that a team may see, or the newest whose hash begins with the given digits. A version may have
-- further names.
-- :digits may be none
select d.name, v.sha256 as version, v.classes, v.input_shape as "inputShape", v.train_count as "trainCount",
  first.name as "firstName", first.team_id::text as "teamId"
from dataset d
join (
  select dataset_id, sha256, created_at from dataset_version
  union all select dataset_id, sha256, created_at from dataset_further_name
) named on named.dataset_id = d.id
join dataset_version v on v.sha256 = named.sha256
join dataset first on first.id = v.dataset_id
where d.name = :name and (first.team_id is null or first.team_id = :teamId::uuid) and starts_with(v.sha256, :digits)
order by named.created_at desc, v.sha256 limit 1;
