-- A page of experiments, newest first.
-- :teamId, :state, :search null are all  :afterTime, :afterId the last of the page before, or null
select id::text, created_at as "createdAt", exists (select from experiment_tally t where t.experiment_id = experiment.id) as tallied
from experiment
where (:teamId::uuid is null or team_id = :teamId::uuid) and (:state::text is null or state = :state)
  and (:search::text is null or strpos(lower(name), lower(:search)) > 0)
  and (:afterTime::timestamptz is null or (created_at, id) < (:afterTime::timestamptz, :afterId::uuid))
order by created_at desc, id desc limit :limit::int;
