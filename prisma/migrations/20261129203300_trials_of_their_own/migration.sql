-- AlterTable
ALTER TABLE "need" ADD COLUMN     "paused" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "priority" SMALLINT;

ALTER TABLE "need" ADD CONSTRAINT "need_priority" CHECK ("priority" BETWEEN 0 AND 2);

-- Dispatch and preemption ask, each round, whether any trial is paused or has a priority of its own: most have neither.
CREATE INDEX "need_of_its_own" ON "need" ("stage_run_id") WHERE "paused" OR "priority" IS NOT NULL;

-- Needs that a slot may be given for: of trials that wait and are not paused, in experiments that go on. Each is
-- of its trial's own priority, or its experiment's.
create or replace view dispatchable_need with (security_invoker = true) as
select n.stage_run_id, n.trial_id, e.id as experiment_id, e.team_id, coalesce(n.priority, e.priority) as priority
from need n join trial t on t.id = n.trial_id join experiment e on e.id = t.experiment_id
where n.released_at is null and not n.paused and e.state = 'active';

-- Trials with their needs, and the point that each reached: that of its last stage but measurements, none before that one has ended.
create or replace view trial_detail with (security_invoker = true) as
select t.id, t.experiment_id as "experimentId", t.number, t.method, t.model, t.budget, t.seed, e.state as "experimentState",
  needs.needs, needs.reason, p.relu_count as "reluCount", p.validation_accuracy as "validationAccuracy", p.test_accuracy as "testAccuracy",
  coalesce(needs.priority, e.priority) as priority
from trial t join experiment e on e.id = t.experiment_id
cross join lateral (
  select jsonb_agg(jsonb_build_object('stageRunId', r.id, 'kind', r.kind, 'origin', n.origin, 'state', r.state,
      'released', n.released_at is not null, 'paused', n.paused) order by stage_kind_rank(r.kind)) as needs,
    max(n.priority) as priority,
    (array_agg(r.id order by stage_kind_rank(r.kind) desc) filter (where r.kind <> 'private-inference'))[1] as reaching,
    min(r.reason) filter (where r.state = 'failed') as reason
  from need n join stage_run r on r.id = n.stage_run_id where n.trial_id = t.id
) needs
left join lateral (
  select p.relu_count, p.validation_accuracy, p.test_accuracy
  from frontier_point p where p.stage_run_id = needs.reaching
  order by (p.variant <> 'full'), p.variant limit 1
) p on true;
