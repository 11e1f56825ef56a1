-- Experiments as a row of their screen shows them, newest first.
select * from experiment_summary where id = any (:experimentIds::uuid[]) order by "createdAt" desc, id desc;
