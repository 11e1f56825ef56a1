-- Points of the partial-ReLU networks that a trial reached, one for each width.
select p.id::text
from need n join frontier_point p on p.stage_run_id = n.stage_run_id
where n.trial_id = :trialId::uuid and p.method <> 'ar';
