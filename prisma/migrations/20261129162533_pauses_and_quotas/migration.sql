-- AlterTable
ALTER TABLE "team" ADD COLUMN     "quota" DOUBLE PRECISION,
ADD COLUMN     "quota_hard" BOOLEAN NOT NULL DEFAULT false;
