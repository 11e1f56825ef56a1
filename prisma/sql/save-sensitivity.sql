-- How much the ReLUs of each layer matter, in the network's order.
insert into sensitivity (stage_run_id, position, layer, density, sensitivity)
select :stageRunId::uuid, found.position - 1, found.layer, found.density, found.sensitivity
from rows from (jsonb_to_recordset(:layers::jsonb) as (layer text, density float8, sensitivity float8))
  with ordinality as found (layer, density, sensitivity, position);
