-- What the states of an experiment's trials are derived from, in the plan's order.
-- :trialIds null are all
select t.id::text, t.method, t.budget, t.seed, m.relu_count as "modelRelus", (
    select jsonb_agg(jsonb_build_object('stageRunId', r.id, 'state', r.state, 'released', n.released_at is not null, 'paused', n.paused))
    from need n join stage_run r on r.id = n.stage_run_id where n.trial_id = t.id) as needs
from trial t join experiment e on e.id = t.experiment_id join model m on m.definition_hash = e.definition_hash
where t.experiment_id = :experimentId::uuid and (:trialIds::uuid[] is null or t.id = any (:trialIds::uuid[]))
order by t.number;
