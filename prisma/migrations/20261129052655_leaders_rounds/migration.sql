-- AlterTable
ALTER TABLE "leader" ADD COLUMN     "answering_since" TIMESTAMPTZ(3),
ADD COLUMN     "last_round_at" TIMESTAMPTZ(3);
