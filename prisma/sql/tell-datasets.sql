-- What a worker has of its data folders by now, and whether it has others than before; no row when it is gone.
update worker w set datasets = :datasets::text[], preparing_datasets = :preparingDatasets::jsonb,
  unusable_datasets = :unusableDatasets::jsonb
from (select id, datasets from worker where id = :workerId::uuid) before
where w.id = before.id and w.state <> 'gone'
returning before.datasets <> w.datasets as "hasOthers";
