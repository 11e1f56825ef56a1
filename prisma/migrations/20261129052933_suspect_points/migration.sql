-- AlterTable
ALTER TABLE "frontier_point" ADD COLUMN     "suspect" TEXT;
