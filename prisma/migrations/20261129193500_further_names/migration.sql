-- CreateTable
CREATE TABLE "dataset_further_name" (
    "dataset_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dataset_further_name_pkey" PRIMARY KEY ("dataset_id","sha256")
);

-- CreateIndex
CREATE INDEX "dataset_further_name_sha256_idx" ON "dataset_further_name"("sha256");

-- AddForeignKey
ALTER TABLE "dataset_further_name" ADD CONSTRAINT "dataset_further_name_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "dataset"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_further_name" ADD CONSTRAINT "dataset_further_name_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "dataset_version"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;
