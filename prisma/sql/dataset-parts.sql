-- The shards of a pushed version, file by file.
select p.path, p.part, p.sha256, a.bytes::float8 as bytes
from dataset_part p join artifact a on a.sha256 = p.sha256
where p.version = :version
order by p.path, p.part;
