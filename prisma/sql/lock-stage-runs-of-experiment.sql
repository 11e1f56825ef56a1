-- Locks the unfinished stage runs that an experiment waits for, inputs before those that read them: the order that every
-- writer takes.
select id::text from stage_run
where state in ('blocked', 'ready', 'active') and id in (
  select n.stage_run_id from trial t join need n on n.trial_id = t.id
  where t.experiment_id = :experimentId::uuid and n.released_at is null)
order by stage_kind_rank(kind), stage_key
for update;
