-- Writes the stage runs of a plan that no live one stands for, inputs before those that read them: two plans that meet
-- wait for each other in one order only. Answers the new ones.
-- :stageRuns with, for its parameters, a place in :params, which holds each once
insert into stage_run (scope_team_id, stage_key, kind, implementation, version, params, precision, seed, dataset_version,
  pool, resources, state, waiting_for)
select "scopeTeamId", "stageKey" as stage_key, kind, implementation, version, :params::jsonb -> params, precision, seed,
  "datasetVersion", :pool, :resources::jsonb, case when "waitingFor" = 0 then 'ready' else 'blocked' end, "waitingFor"
from jsonb_to_recordset(:stageRuns::jsonb) as planned ("scopeTeamId" uuid, "stageKey" text, kind text, implementation text,
  version int, params int, precision text, seed int, "datasetVersion" text, "waitingFor" int)
order by stage_kind_rank(kind), stage_key
on conflict (scope_team_id, stage_key) where state not in ('failed', 'cancelled') do nothing
returning id::text, stage_key as "stageKey", state;
