-- Artifacts, and uploads that were never completed, that nothing holds and no row refers to.
create or replace view unreferenced_artifact with (security_invoker = true) as
select id, sha256, location, elsewhere, created_at, complete_at, dying_at from artifact a
where not exists (select from artifact_hold r where r.sha256 = a.sha256)
  and not exists (select from artifact_import r where r.sha256 = a.sha256)
  and not exists (select from checkpoint r where r.sha256 = a.sha256)
  and not exists (select from dataset_part r where r.sha256 = a.sha256)
  and not exists (select from mask r where r.sha256 = a.sha256)
  and not exists (select from stage_run_artifact r where r.sha256 = a.sha256)
  and not exists (select from stage_run_input r where r.sha256 = a.sha256);
