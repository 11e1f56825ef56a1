-- Whether a worker may take an attempt.
select registered, out_of_service as "outOfService", pool, version, dataset, "precision", resources, free, implementation,
  wanted_version as "wantedVersion", wanted_pool as "wantedPool", wanted_dataset as "wantedDataset",
  wanted_precision as "wantedPrecision", wanted_resources as "wantedResources"
from worker_fit(:attemptId::uuid, :workerId::uuid);
