-- A worker.
-- :trustedSince null is now
insert into worker (name, hostname, pool, labels, gpu_memory, engine, versions, datasets, preparing_datasets,
  unusable_datasets, trusted_since, quarantined_until, quarantine_reason, quarantines)
values (:name, :hostname, :pool, :labels::jsonb, :gpuMemory::float8::bigint, :engine::jsonb, :versions::jsonb, :datasets::text[],
  :preparingDatasets::jsonb, :unusableDatasets::jsonb,
  coalesce(:trustedSince::timestamptz, now()), :quarantinedUntil::text::timestamptz, :quarantineReason::text, :quarantines::int)
returning id::text;
