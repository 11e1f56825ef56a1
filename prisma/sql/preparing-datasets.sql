-- Data sets that workers prepare, each as far as the furthest of them is. Only of workers that beat within the lease.
select d.name, furthest.step, furthest.done, furthest.total, furthest."imagesPerSecond", furthest."etaSeconds", d.workers
from (
  select name, array_agg(worker order by worker) as workers,
    (array_agg(told order by array_position(array['decoding', 'reading', 'waiting'], step), done desc))[1] as told
  from (
    select w.name as worker, told ->> 'name' as name, told ->> 'step' as step, (told ->> 'done')::int as done, told
    from worker w cross join lateral jsonb_array_elements(w.preparing_datasets) told
    where w.state <> 'gone' and w.last_beat_at >= now() - :leaseSeconds::int * interval '1 second'
  ) each
  group by name
) d cross join lateral jsonb_to_record(d.told)
  as furthest(step text, done int, total int, "imagesPerSecond" float8, "etaSeconds" float8)
order by d.name;
