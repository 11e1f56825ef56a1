-- How many ReLUs a variant keeps of each layer, in the network's order.
insert into allocation (stage_run_id, variant, position, layer, size, kept)
select :stageRunId::uuid, :variant, found.position - 1, found.layer, found.size, found.kept
from rows from (jsonb_to_recordset(:layers::jsonb) as (layer text, size int, kept int))
  with ordinality as found (layer, size, kept, position);
