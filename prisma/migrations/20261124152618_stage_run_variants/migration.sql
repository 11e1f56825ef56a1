-- AlterTable
ALTER TABLE "allocation" DROP CONSTRAINT "allocation_pkey",
ADD COLUMN     "variant" TEXT NOT NULL DEFAULT 'full',
ADD CONSTRAINT "allocation_pkey" PRIMARY KEY ("stage_run_id", "variant", "position");

-- AlterTable
ALTER TABLE "mask" DROP CONSTRAINT "mask_pkey",
ADD COLUMN     "variant" TEXT NOT NULL DEFAULT 'full',
ADD CONSTRAINT "mask_pkey" PRIMARY KEY ("stage_run_id", "variant");

-- AlterTable
ALTER TABLE "stage_run_artifact" DROP CONSTRAINT "stage_run_artifact_pkey",
ADD COLUMN     "variant" TEXT NOT NULL DEFAULT 'full',
ADD CONSTRAINT "stage_run_artifact_pkey" PRIMARY KEY ("stage_run_id", "variant", "role");

-- AlterTable
ALTER TABLE "stage_run_input" ADD COLUMN     "variant" TEXT NOT NULL DEFAULT 'full';
