-- Marks what narrow networks reached that torch trained on a processor before workers said at which level of instructions:
-- there, the gradient of their narrowest filters may have written over other memory. All widths of a stage run share their
-- weights. Says again nothing that is said already.
-- :models with, for each, the least width that was sound :byOneThread and :byMore
update frontier_point p set suspect = format(
  'a network of width %s was trained on %s by %s before it was known that oneDNN may write over other memory there; compare it with a run of another seed',
  trained.width, made.device, case made.threads when 1 then '1 thread' else made.threads || ' threads' end)
from stage_run r, unnest(:models::text[], :byOneThread::float8[], :byMore::float8[]) as sound(model, by_one, by_more)
cross join lateral (
  select min(asked.width::float8) as width from jsonb_array_elements_text(r.params #> '{slimmable,widths}') as asked(width)
) trained
cross join lateral (
  select a.engine ->> 'device' as device, (a.engine ->> 'threads')::int as threads from attempt a
  where a.stage_run_id = r.id and a.engine ->> 'backend' = 'torch' and a.engine ->> 'device' like 'cpu%'
    and a.engine -> 'cpuLevel' is null
  order by 2 desc limit 1
) made
where r.id = p.stage_run_id and p.suspect is null and sound.model = r.params ->> 'model'
  and trained.width < case made.threads when 1 then sound.by_one else sound.by_more end
returning p.id::text;
