-- A further name of a version that all of the installation shares; one that it has stays.
insert into dataset_further_name (dataset_id, sha256)
select d.id, v.sha256
from dataset d, dataset_version v join dataset first on first.id = v.dataset_id
where d.name = :name and v.sha256 = :sha256 and first.team_id is null
on conflict do nothing;
