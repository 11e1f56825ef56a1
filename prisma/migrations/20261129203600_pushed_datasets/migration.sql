-- AlterTable
ALTER TABLE "dataset_version" ADD COLUMN     "pushed_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "fetches" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "dataset_part" (
    "version" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "part" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "dataset_part_pkey" PRIMARY KEY ("version","path","part")
);

-- CreateIndex
CREATE INDEX "dataset_part_sha256_idx" ON "dataset_part"("sha256");

-- AddForeignKey
ALTER TABLE "dataset_part" ADD CONSTRAINT "dataset_part_version_fkey" FOREIGN KEY ("version") REFERENCES "dataset_version"("sha256") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_part" ADD CONSTRAINT "dataset_part_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What follows cannot be said in schema.prisma.

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
