-- AlterTable
ALTER TABLE "worker" ADD COLUMN     "drained_at" TIMESTAMPTZ(3),
ADD COLUMN     "drained_reason" TEXT,
ADD COLUMN     "trusted_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "worker" ADD CONSTRAINT "worker_drained" CHECK (("drained_at" IS NULL) = ("drained_reason" IS NULL));
