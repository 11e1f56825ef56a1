-- Whether a slot has what is wanted of it: GPU memory, labels, backend.
create or replace function has_resources(wanted jsonb, gpu_memory bigint, labels jsonb, backend text) returns boolean
language sql immutable parallel safe
return wanted = '{}'
  or (wanted -> 'gpuMemory' is null or coalesce(gpu_memory, 0) >= (wanted ->> 'gpuMemory')::bigint)
    and labels @> coalesce(wanted -> 'labels', '{}')
    and (wanted -> 'backend' is null or coalesce(backend, '') = wanted ->> 'backend');
