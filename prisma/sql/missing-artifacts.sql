-- Those of some names that no artifact has which is stored.
select wanted.sha256 from unnest(:sha256s::text[]) as wanted(sha256)
where not exists (select from artifact a where a.sha256 = wanted.sha256 and a.complete_at is not null);
