-- What a worker has of its data folders by now, and whether it has others than before; no row when it is gone.
update worker w set datasets =
    array(select unnest(:datasets::text[]) union select sha256 from dataset_version where pushed_at is not null order by 1),
  preparing_datasets = :preparingDatasets::jsonb,
  unusable_datasets = :unusableDatasets::jsonb
from (select id, datasets from worker where id = :workerId::uuid) before
where w.id = before.id and w.state <> 'gone'
returning before.datasets <> w.datasets as "hasOthers";
