-- AlterTable
ALTER TABLE "stage_run" ADD COLUMN     "failed_step" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "stage_run" ADD CONSTRAINT "stage_run_failed_step" CHECK ("failed_step" >= 0);
