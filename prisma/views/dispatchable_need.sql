-- Needs that a slot may be given for: of trials that wait and are not paused, in experiments that go on. Each is
-- of its trial's own priority, or its experiment's.
create or replace view dispatchable_need with (security_invoker = true) as
select n.stage_run_id, n.trial_id, e.id as experiment_id, e.team_id, coalesce(n.priority, e.priority) as priority
from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
where n.released_at is null and not n.paused and e.state = 'active';
