-- What a worker's data folders hold that cannot be used, with the reason and what to do: told where data sets are listed.
ALTER TABLE "worker" ADD COLUMN     "unusable_datasets" JSONB NOT NULL DEFAULT '[]';
