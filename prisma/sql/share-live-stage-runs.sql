-- The live stage runs of these keys; until commit none of them ends.
select r.id::text, r.stage_key as "stageKey", r.state
from jsonb_to_recordset(:keys::jsonb) as planned ("scopeTeamId" uuid, "stageKey" text)
join stage_run r on r.stage_key = planned."stageKey" and r.scope_team_id is not distinct from planned."scopeTeamId"
where r.state not in ('failed', 'cancelled')
order by stage_kind_rank(r.kind), r.stage_key
for share of r;
