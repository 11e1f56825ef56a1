-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "preparing_datasets" JSONB NOT NULL DEFAULT '[]';
