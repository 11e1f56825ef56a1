-- What of a stage run a team may see: no row when there is no such run, or the team never needed it; `own` when a trial of
-- it ran or shared it, rather than found it finished.
-- :teamId null may see all
select case when :teamId::uuid is null then true else bool_or(n.origin <> 'cached') end as own
from stage_run r
left join (need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id)
  on n.stage_run_id = r.id and e.team_id = :teamId::uuid
where r.id = :stageRunId::uuid
having count(r.id) > 0 and (:teamId::uuid is null or count(n.origin) > 0);
