-- Needs that a slot may be given for: of trials that wait, in experiments that go on.
create or replace view dispatchable_need with (security_invoker = true) as
select n.stage_run_id, n.trial_id, e.id as experiment_id, e.team_id, e.priority
from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
where n.released_at is null and e.state = 'active';
