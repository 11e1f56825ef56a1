-- AlterTable
ALTER TABLE "leader" ADD COLUMN     "answered_at" TIMESTAMPTZ(3);
