-- The shards of a pushed version, each of a file.
insert into dataset_part (version, path, part, sha256)
select :version, path, part, sha256 from unnest(:paths::text[], :parts::int[], :sha256s::text[]) as given(path, part, sha256);
