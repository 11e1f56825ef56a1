-- Artifacts that are to be deleted, and where their bytes may be.
select id, location, elsewhere from artifact
where complete_at is null and dying_at <= now() - :graceMs::float8 * interval '1 millisecond';
