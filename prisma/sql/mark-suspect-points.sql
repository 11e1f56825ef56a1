-- Marks what narrow networks reached that torch trained on a processor before workers said at which level of instructions:
-- with AVX2 and no AVX-512, the gradient of their narrowest filters wrote over other memory. All widths of a stage run
-- share their weights. Says again nothing that is said already.
-- $1 models  $2 of each, the least width that has no such filter
update frontier_point p set suspect = format(
  'a network of width %s was trained on %s before it was known that oneDNN writes over other memory there if the processor has AVX2 and no AVX-512; run it again to be sure',
  trained.width, made.device)
from stage_run r, unnest($1::text[], $2::float8[]) as sound(model, width)
cross join lateral (
  select min(asked.width::float8) as width from jsonb_array_elements_text(r.params #> '{slimmable,widths}') as asked(width)
) trained
cross join lateral (
  select min(a.engine ->> 'device') as device from attempt a
  where a.stage_run_id = r.id and a.engine ->> 'backend' = 'torch' and a.engine ->> 'device' like 'cpu%'
    and a.engine -> 'cpuLevel' is null
) made
where r.id = p.stage_run_id and p.suspect is null and sound.model = r.params ->> 'model'
  and trained.width < sound.width and made.device is not null
returning p.id::text;
