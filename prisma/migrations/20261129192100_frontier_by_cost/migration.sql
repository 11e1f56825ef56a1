-- DropIndex
DROP INDEX "frontier_point_dataset_version_model_idx";

-- CreateIndex
CREATE INDEX "frontier_point_by_cost" ON "frontier_point"("dataset_version", "model", "relu_count", "validation_accuracy" DESC);
