-- CreateTable
CREATE TABLE "dataset_card" (
    "sha256" TEXT NOT NULL,
    "facts" JSONB NOT NULL,
    "sheet" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dataset_card_pkey" PRIMARY KEY ("sha256")
);

-- AddForeignKey
ALTER TABLE "dataset_card" ADD CONSTRAINT "dataset_card_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "dataset_version"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;
