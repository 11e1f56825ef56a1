-- The stage runs that an experiment needs or used, in the order of its page: `stage-runs` tells more of each.
select r.id::text
from stage_run r
where r.id in (select n.stage_run_id from trial t join need n on n.trial_id = t.id where t.experiment_id = :experimentId::uuid)
order by stage_kind_rank(r.kind), r.created_at, r.stage_key;
