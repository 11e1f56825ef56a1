-- AlterTable
ALTER TABLE "frontier_point" ADD COLUMN     "dominated" BOOLEAN;

-- CreateTable
CREATE TABLE "frontier_mean" (
    "id" BIGSERIAL NOT NULL,
    "dataset_version" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "scope_team_id" UUID,
    "method" TEXT NOT NULL,
    "recipe" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "convention" TEXT NOT NULL,
    "asked" INTEGER NOT NULL,
    "source" TEXT,
    "points" INTEGER NOT NULL,
    "relus" DOUBLE PRECISION NOT NULL,
    "validation" DOUBLE PRECISION NOT NULL,
    "test" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "frontier_mean_pkey" PRIMARY KEY ("id")
);

-- One row for the seeds of each.
CREATE UNIQUE INDEX "frontier_mean_one" ON "frontier_mean"("dataset_version", "model", "scope_team_id", "method", "recipe", "variant", "convention", "asked", "source") NULLS NOT DISTINCT;

-- What may be on a frontier: of 100,000 points a few hundred.
CREATE INDEX "frontier_point_undominated" ON "frontier_point"("dataset_version", "model") WHERE "dominated" IS NOT TRUE;

-- The network from elsewhere that a stage run's result came from: the masks that it was given or the search behind it went on
-- from, else the AR model that was given. No row where all was trained here.
create or replace function source_of(stage_run uuid) returns table (sha256 text)
language sql stable parallel safe as $$
  select coalesce(i.sha256, s.sha256)
  from stage_run_input i
  left join stage_run_input s on i.name = 'student' and s.stage_run_id = i.source_stage_run_id and s.name = 'start'
  where i.stage_run_id = stage_run and i.name in ('arModel', 'student') and coalesce(i.sha256, s.sha256) is not null
  order by i.name desc limit 1
$$;
