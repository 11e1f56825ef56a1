-- Whether a slot can run what asks for this much: its worker has the version, the data, the precision, and the slot the resources.
-- Which of these it lacks, `worker_fit` tells.
create or replace function can_run(
  implementation text, version int, dataset_version text, "precision" text, wanted jsonb,
  versions jsonb, datasets text[], precisions jsonb, gpu_memory bigint, labels jsonb, backend text
) returns boolean
language sql immutable parallel safe
return (versions ->> implementation)::int = version and dataset_version = any (datasets) and precisions ? "precision"
  and has_resources(wanted, gpu_memory, labels, backend);
