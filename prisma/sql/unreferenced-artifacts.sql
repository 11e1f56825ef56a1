-- Artifacts, and uploads that were never completed, that nothing holds and no row refers to.
select id from artifact a
where created_at <= now() - :olderThanMs::float8 * interval '1 millisecond'
  and not exists (select from artifact_hold r where r.sha256 = a.sha256)
  and not exists (select from artifact_import r where r.sha256 = a.sha256)
  and not exists (select from checkpoint r where r.sha256 = a.sha256)
  and not exists (select from mask r where r.sha256 = a.sha256)
  and not exists (select from stage_run_artifact r where r.sha256 = a.sha256)
  and not exists (select from stage_run_input r where r.sha256 = a.sha256);
