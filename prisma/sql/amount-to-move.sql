-- How many artifacts are not read from a store, and their bytes.
select count(*)::int as artifacts, coalesce(sum(bytes), 0)::bigint as bytes from artifact
where complete_at is not null and dying_at is null and location <> :store;
