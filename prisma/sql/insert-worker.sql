-- A worker, which has data sets, or fetches them: those that were pushed.
-- :trustedSince null is now
insert into worker (name, hostname, pool, labels, gpu_memory, engine, versions, datasets, preparing_datasets,
  unusable_datasets, trusted_since, quarantined_until, quarantine_reason, quarantines, fetches)
values (:name, :hostname, :pool, :labels::jsonb, :gpuMemory::float8::bigint, :engine::jsonb, :versions::jsonb,
  array(select unnest(:datasets::text[]) union select sha256 from dataset_version where pushed_at is not null order by 1),
  :preparingDatasets::jsonb, :unusableDatasets::jsonb,
  coalesce(:trustedSince::timestamptz, now()), :quarantinedUntil::text::timestamptz, :quarantineReason::text, :quarantines::int, true)
returning id::text;
