-- The network from elsewhere that a stage run's result came from: the masks that it was given or the search behind it went on
-- from, else the AR model that was given. No row where all was trained here.
create or replace function source_of(stage_run uuid) returns table (sha256 text)
language sql stable parallel safe as $$
  select coalesce(i.sha256, s.sha256)
  from stage_run_input i
  left join stage_run_input s on i.name = 'student' and s.stage_run_id = i.source_stage_run_id and s.name = 'start'
  where i.stage_run_id = stage_run and i.name in ('arModel', 'student') and coalesce(i.sha256, s.sha256) is not null
  order by i.name desc limit 1
$$;
