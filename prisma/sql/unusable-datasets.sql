-- Data sets that workers found and cannot use, each with those that told it. Only of workers that beat within the lease.
select d.name, d.reason, d.fix, array_agg(w.name order by w.name) as workers
from worker w cross join lateral jsonb_to_recordset(w.unusable_datasets) as d(name text, reason text, fix text)
where w.state <> 'gone' and w.last_beat_at >= now() - :leaseSeconds::int * interval '1 second'
group by d.name, d.reason, d.fix order by d.name, d.reason;
