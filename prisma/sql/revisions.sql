-- The specs of an experiment as they were sent, first to last, and the version of the data set that the experiment began with.
select s.spec as sent, d.name || '@' || e.dataset_version as dataset
from experiment e
join spec_revision s on s.experiment_id = e.id
join dataset_version v on v.sha256 = e.dataset_version
join dataset d on d.id = v.dataset_id
where e.id = :experimentId::uuid
order by s.number;
