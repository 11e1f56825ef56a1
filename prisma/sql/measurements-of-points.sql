-- Private inferences that were measured of points, each system's and network profile's together, in the order of their making.
select p.id::text as "pointId", r.id::text as "stageRunId", r.implementation, r.params, r.result, r.finished_at as "finishedAt"
from frontier_point p
join stage_run_input i on i.source_stage_run_id = p.stage_run_id and i.name = 'prModel' and i.variant = p.variant
join stage_run r on r.id = i.stage_run_id and r.state = 'succeeded'
where p.id = any (:pointIds::uuid[])
order by r.implementation, coalesce(r.params ->> 'protocol', 'garbled'), r.params ->> 'profile', r.finished_at, r.id;
