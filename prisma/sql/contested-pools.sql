-- Pools that active experiments of more than one priority class share.
select pool from experiment where state = 'active' group by pool having count(distinct priority) > 1 order by pool;
