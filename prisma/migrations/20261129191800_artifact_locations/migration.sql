-- AlterTable
ALTER TABLE "artifact" ADD COLUMN     "dying_at" TIMESTAMPTZ(3),
ADD COLUMN     "elsewhere" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "location" TEXT NOT NULL DEFAULT 'postgres';

-- What follows cannot be said in schema.prisma.

ALTER TABLE "artifact" ALTER COLUMN "elsewhere" SET NOT NULL;

-- An upload to another store than Postgres has its name before its bytes.
ALTER TABLE "artifact"
  DROP CONSTRAINT "artifact_complete",
  ADD CONSTRAINT "artifact_complete" CHECK ("complete_at" IS NULL OR "sha256" IS NOT NULL);
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_location" CHECK (NOT "location" = ANY ("elsewhere"));

-- Artifacts, and uploads that were never completed, that nothing holds and no row refers to.
create or replace view unreferenced_artifact with (security_invoker = true) as
select id, sha256, location, elsewhere, created_at, complete_at, dying_at from artifact a
where not exists (select from artifact_hold r where r.sha256 = a.sha256)
  and not exists (select from artifact_import r where r.sha256 = a.sha256)
  and not exists (select from checkpoint r where r.sha256 = a.sha256)
  and not exists (select from mask r where r.sha256 = a.sha256)
  and not exists (select from stage_run_artifact r where r.sha256 = a.sha256)
  and not exists (select from stage_run_input r where r.sha256 = a.sha256);
