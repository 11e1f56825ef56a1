-- What of a stage run a team may see: no row when there is no such run, or the team never needed it; `own` when a trial of
-- it ran or shared it, rather than found it finished, or an attempt was charged to it: one that failed and was retried.
-- :teamId null may see all
select :teamId::uuid is null or coalesce(bool_or(n.origin <> 'cached'), false) or charged.it as own
from stage_run r
cross join lateral (
  select exists (select from attempt a where a.stage_run_id = r.id and a.team_id = :teamId::uuid) as it
) charged
left join (need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id)
  on n.stage_run_id = r.id and e.team_id = :teamId::uuid
where r.id = :stageRunId::uuid
group by charged.it
having :teamId::uuid is null or count(n.origin) > 0 or charged.it;
