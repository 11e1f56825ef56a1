-- A worker.
-- :trustedSince null is now
insert into worker (name, hostname, pool, engine, versions, datasets, preparing_datasets,
  unusable_datasets, trusted_since)
values (:name, :hostname, :pool, :engine::jsonb, :versions::jsonb, :datasets::text[],
  :preparingDatasets::jsonb, :unusableDatasets::jsonb,
  coalesce(:trustedSince::timestamptz, now()))
returning id::text;
