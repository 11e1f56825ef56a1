-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "team" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "weight" DOUBLE PRECISION NOT NULL DEFAULT 1,
    "gpu_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "usage_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "team_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_token" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "team_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "login_link" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "team_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "login_link_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "team_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_event" (
    "id" BIGSERIAL NOT NULL,
    "team_id" UUID NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "team_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "experiment_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("team_id","key")
);

-- CreateTable
CREATE TABLE "experiment" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "team_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'active',
    "reason" TEXT,
    "priority" SMALLINT NOT NULL DEFAULT 1,
    "pool" TEXT NOT NULL,
    "dataset_version" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "definition_hash" TEXT NOT NULL,
    "recipe" TEXT NOT NULL,
    "granularity" TEXT NOT NULL,
    "precision" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "experiment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "spec_revision" (
    "experiment_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "parsed" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "spec_revision_pkey" PRIMARY KEY ("experiment_id","number")
);

-- CreateTable
CREATE TABLE "trial" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "experiment_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "method" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "budget" INTEGER,
    "seed" INTEGER NOT NULL,

    CONSTRAINT "trial_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "need" (
    "trial_id" UUID NOT NULL,
    "stage_run_id" UUID NOT NULL,
    "origin" TEXT NOT NULL,
    "released_at" TIMESTAMPTZ(3),

    CONSTRAINT "need_pkey" PRIMARY KEY ("trial_id","stage_run_id")
);

-- CreateTable
CREATE TABLE "stage_run" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "scope_team_id" UUID,
    "stage_key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "implementation" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "params" JSONB NOT NULL,
    "precision" TEXT NOT NULL,
    "seed" INTEGER NOT NULL,
    "dataset_version" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "waiting_for" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),
    "result" JSONB,
    "gpu_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "stage_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stage_run_input" (
    "stage_run_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "source_stage_run_id" UUID,
    "sha256" TEXT,

    CONSTRAINT "stage_run_input_pkey" PRIMARY KEY ("stage_run_id","name")
);

-- CreateTable
CREATE TABLE "stage_run_artifact" (
    "stage_run_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "stage_run_artifact_pkey" PRIMARY KEY ("stage_run_id","role")
);

-- CreateTable
CREATE TABLE "attempt" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "stage_run_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "team_id" UUID NOT NULL,
    "worker_id" UUID,
    "epoch" INTEGER,
    "lease_expires_at" TIMESTAMPTZ(3),
    "stop" TEXT,
    "engine" JSONB,
    "start_step" INTEGER,
    "progress" JSONB,
    "inexact" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT,
    "failure" JSONB,
    "gpu_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "attempt_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimed_by" TEXT,
    "claimed_at" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event" (
    "id" BIGSERIAL NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "team_id" UUID NOT NULL,
    "experiment_id" UUID,
    "stage_run_id" UUID,
    "attempt_id" UUID,
    "type" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "metric_block" (
    "stage_run_id" UUID NOT NULL,
    "series" TEXT NOT NULL,
    "block" INTEGER NOT NULL,
    "steps" INTEGER[],
    "values" DOUBLE PRECISION[],

    CONSTRAINT "metric_block_pkey" PRIMARY KEY ("stage_run_id","series","block")
);

-- CreateTable
CREATE TABLE "log_chunk" (
    "attempt_id" UUID NOT NULL,
    "offset" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "log_chunk_pkey" PRIMARY KEY ("attempt_id","offset")
);

-- CreateTable
CREATE TABLE "worker" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'idle',
    "engine" JSONB NOT NULL,
    "versions" JSONB NOT NULL,
    "datasets" TEXT[],
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_beat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "left_at" TIMESTAMPTZ(3),

    CONSTRAINT "worker_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "leader" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "leader_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "dataset" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "team_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dataset_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "dataset_version" (
    "sha256" TEXT NOT NULL,
    "dataset_id" UUID NOT NULL,
    "classes" TEXT[],
    "input_shape" INTEGER[],
    "train_count" INTEGER NOT NULL,
    "validation_count" INTEGER NOT NULL,
    "test_count" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dataset_version_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "model" (
    "definition_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "relu_count" INTEGER NOT NULL,
    "params" BIGINT NOT NULL,
    "macs" BIGINT NOT NULL,

    CONSTRAINT "model_pkey" PRIMARY KEY ("definition_hash")
);

-- CreateTable
CREATE TABLE "sensitivity" (
    "stage_run_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "layer" TEXT NOT NULL,
    "density" DOUBLE PRECISION NOT NULL,
    "sensitivity" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "sensitivity_pkey" PRIMARY KEY ("stage_run_id","position")
);

-- CreateTable
CREATE TABLE "allocation" (
    "stage_run_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "layer" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "kept" INTEGER NOT NULL,

    CONSTRAINT "allocation_pkey" PRIMARY KEY ("stage_run_id","position")
);

-- CreateTable
CREATE TABLE "mask" (
    "stage_run_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "granularity" TEXT NOT NULL,
    "budget" INTEGER NOT NULL,
    "relu_count" INTEGER NOT NULL,

    CONSTRAINT "mask_pkey" PRIMARY KEY ("stage_run_id")
);

-- CreateTable
CREATE TABLE "checkpoint" (
    "stage_run_id" UUID NOT NULL,
    "step" INTEGER NOT NULL,
    "attempt_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "pinned" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "checkpoint_pkey" PRIMARY KEY ("stage_run_id","step")
);

-- CreateTable
CREATE TABLE "artifact" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sha256" TEXT,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "media_type" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "complete_at" TIMESTAMPTZ(3),

    CONSTRAINT "artifact_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifact_chunk" (
    "artifact_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "artifact_chunk_pkey" PRIMARY KEY ("artifact_id","number")
);

-- CreateTable
CREATE TABLE "artifact_hold" (
    "attempt_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_hold_pkey" PRIMARY KEY ("attempt_id","sha256")
);

-- CreateTable
CREATE TABLE "artifact_import" (
    "team_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "artifact_import_pkey" PRIMARY KEY ("team_id","sha256")
);

-- CreateTable
CREATE TABLE "frontier_point" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "stage_run_id" UUID NOT NULL,
    "variant" TEXT NOT NULL DEFAULT 'full',
    "dataset_version" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "definition_hash" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "recipe" TEXT NOT NULL,
    "seed" INTEGER NOT NULL,
    "budget" INTEGER,
    "relu_count" INTEGER NOT NULL,
    "convention" TEXT NOT NULL,
    "macs" BIGINT NOT NULL,
    "images" BIGINT NOT NULL,
    "gpu_seconds" DOUBLE PRECISION NOT NULL,
    "validation_accuracy" DOUBLE PRECISION NOT NULL,
    "test_accuracy" DOUBLE PRECISION NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "frontier_point_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "team_name_key" ON "team"("name");

-- CreateIndex
CREATE UNIQUE INDEX "api_token_hash_key" ON "api_token"("hash");

-- CreateIndex
CREATE INDEX "api_token_team_id_idx" ON "api_token"("team_id");

-- CreateIndex
CREATE UNIQUE INDEX "login_link_hash_key" ON "login_link"("hash");

-- CreateIndex
CREATE INDEX "login_link_team_id_idx" ON "login_link"("team_id");

-- CreateIndex
CREATE UNIQUE INDEX "session_hash_key" ON "session"("hash");

-- CreateIndex
CREATE INDEX "session_team_id_idx" ON "session"("team_id");

-- CreateIndex
CREATE INDEX "audit_event_team_id_id_idx" ON "audit_event"("team_id", "id");

-- CreateIndex
CREATE INDEX "idempotency_key_experiment_id_idx" ON "idempotency_key"("experiment_id");

-- CreateIndex
CREATE INDEX "idempotency_key_created_at_idx" ON "idempotency_key"("created_at");

-- CreateIndex
CREATE INDEX "experiment_team_id_created_at_id_idx" ON "experiment"("team_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "experiment_created_at_id_idx" ON "experiment"("created_at", "id");

-- CreateIndex
CREATE INDEX "experiment_dataset_version_idx" ON "experiment"("dataset_version");

-- CreateIndex
CREATE INDEX "experiment_definition_hash_idx" ON "experiment"("definition_hash");

-- CreateIndex
CREATE UNIQUE INDEX "trial_experiment_id_number_key" ON "trial"("experiment_id", "number");

-- CreateIndex
CREATE INDEX "need_stage_run_id_idx" ON "need"("stage_run_id");

-- CreateIndex
CREATE INDEX "stage_run_scope_team_id_idx" ON "stage_run"("scope_team_id");

-- CreateIndex
CREATE INDEX "stage_run_dataset_version_idx" ON "stage_run"("dataset_version");

-- CreateIndex
CREATE INDEX "stage_run_stage_key_idx" ON "stage_run"("stage_key");

-- CreateIndex
CREATE INDEX "stage_run_input_source_stage_run_id_idx" ON "stage_run_input"("source_stage_run_id");

-- CreateIndex
CREATE INDEX "stage_run_input_sha256_idx" ON "stage_run_input"("sha256");

-- CreateIndex
CREATE INDEX "stage_run_artifact_sha256_idx" ON "stage_run_artifact"("sha256");

-- CreateIndex
CREATE INDEX "attempt_team_id_idx" ON "attempt"("team_id");

-- CreateIndex
CREATE INDEX "attempt_worker_id_idx" ON "attempt"("worker_id");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_stage_run_id_number_key" ON "attempt"("stage_run_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_attempt_id_key" ON "outbox"("attempt_id");

-- CreateIndex
CREATE INDEX "event_xid_id_idx" ON "event"("xid", "id");

-- CreateIndex
CREATE INDEX "event_team_id_xid_id_idx" ON "event"("team_id", "xid", "id");

-- CreateIndex
CREATE INDEX "event_experiment_id_xid_id_idx" ON "event"("experiment_id", "xid", "id");

-- CreateIndex
CREATE UNIQUE INDEX "dataset_name_key" ON "dataset"("name");

-- CreateIndex
CREATE INDEX "dataset_team_id_idx" ON "dataset"("team_id");

-- CreateIndex
CREATE INDEX "dataset_version_dataset_id_created_at_idx" ON "dataset_version"("dataset_id", "created_at");

-- CreateIndex
CREATE INDEX "mask_sha256_idx" ON "mask"("sha256");

-- CreateIndex
CREATE INDEX "checkpoint_attempt_id_idx" ON "checkpoint"("attempt_id");

-- CreateIndex
CREATE INDEX "checkpoint_sha256_idx" ON "checkpoint"("sha256");

-- CreateIndex
CREATE UNIQUE INDEX "artifact_sha256_key" ON "artifact"("sha256");

-- CreateIndex
CREATE INDEX "artifact_created_at_idx" ON "artifact"("created_at");

-- CreateIndex
CREATE INDEX "artifact_hold_sha256_idx" ON "artifact_hold"("sha256");

-- CreateIndex
CREATE INDEX "artifact_import_sha256_idx" ON "artifact_import"("sha256");

-- CreateIndex
CREATE INDEX "frontier_point_dataset_version_model_idx" ON "frontier_point"("dataset_version", "model");

-- CreateIndex
CREATE INDEX "frontier_point_definition_hash_idx" ON "frontier_point"("definition_hash");

-- CreateIndex
CREATE UNIQUE INDEX "frontier_point_stage_run_id_variant_key" ON "frontier_point"("stage_run_id", "variant");

-- AddForeignKey
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "login_link" ADD CONSTRAINT "login_link_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_event" ADD CONSTRAINT "audit_event_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiment" ADD CONSTRAINT "experiment_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiment" ADD CONSTRAINT "experiment_dataset_version_fkey" FOREIGN KEY ("dataset_version") REFERENCES "dataset_version"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "experiment" ADD CONSTRAINT "experiment_definition_hash_fkey" FOREIGN KEY ("definition_hash") REFERENCES "model"("definition_hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "spec_revision" ADD CONSTRAINT "spec_revision_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trial" ADD CONSTRAINT "trial_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "need" ADD CONSTRAINT "need_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trial"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "need" ADD CONSTRAINT "need_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage_run" ADD CONSTRAINT "stage_run_scope_team_id_fkey" FOREIGN KEY ("scope_team_id") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage_run" ADD CONSTRAINT "stage_run_dataset_version_fkey" FOREIGN KEY ("dataset_version") REFERENCES "dataset_version"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage_run_input" ADD CONSTRAINT "stage_run_input_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage_run_input" ADD CONSTRAINT "stage_run_input_source_stage_run_id_fkey" FOREIGN KEY ("source_stage_run_id") REFERENCES "stage_run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage_run_input" ADD CONSTRAINT "stage_run_input_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "stage_run_artifact" ADD CONSTRAINT "stage_run_artifact_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage_run_artifact" ADD CONSTRAINT "stage_run_artifact_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_worker_id_fkey" FOREIGN KEY ("worker_id") REFERENCES "worker"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset" ADD CONSTRAINT "dataset_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_version" ADD CONSTRAINT "dataset_version_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "dataset"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sensitivity" ADD CONSTRAINT "sensitivity_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "allocation" ADD CONSTRAINT "allocation_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mask" ADD CONSTRAINT "mask_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mask" ADD CONSTRAINT "mask_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "checkpoint" ADD CONSTRAINT "checkpoint_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkpoint" ADD CONSTRAINT "checkpoint_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkpoint" ADD CONSTRAINT "checkpoint_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "artifact_chunk" ADD CONSTRAINT "artifact_chunk_artifact_id_fkey" FOREIGN KEY ("artifact_id") REFERENCES "artifact"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_hold" ADD CONSTRAINT "artifact_hold_attempt_id_fkey" FOREIGN KEY ("attempt_id") REFERENCES "attempt"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_hold" ADD CONSTRAINT "artifact_hold_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "artifact_import" ADD CONSTRAINT "artifact_import_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "artifact_import" ADD CONSTRAINT "artifact_import_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "artifact"("sha256") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "frontier_point" ADD CONSTRAINT "frontier_point_stage_run_id_fkey" FOREIGN KEY ("stage_run_id") REFERENCES "stage_run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "frontier_point" ADD CONSTRAINT "frontier_point_dataset_version_fkey" FOREIGN KEY ("dataset_version") REFERENCES "dataset_version"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "frontier_point" ADD CONSTRAINT "frontier_point_definition_hash_fkey" FOREIGN KEY ("definition_hash") REFERENCES "model"("definition_hash") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What follows cannot be said in schema.prisma.

-- Bytes that do not compress: no attempt to, and reads of a part need not unpack the whole.
ALTER TABLE "artifact_chunk" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;

-- States and words.
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_role" CHECK ("role" IN ('viewer', 'member', 'admin'));
ALTER TABLE "login_link" ADD CONSTRAINT "login_link_role" CHECK ("role" IN ('viewer', 'member', 'admin'));
ALTER TABLE "session" ADD CONSTRAINT "session_role" CHECK ("role" IN ('viewer', 'member', 'admin'));
ALTER TABLE "experiment"
  ADD CONSTRAINT "experiment_state" CHECK ("state" IN ('active', 'paused', 'cancelled', 'failed', 'finished')),
  ADD CONSTRAINT "experiment_finished_at" CHECK (("state" IN ('active', 'paused')) = ("finished_at" IS NULL)),
  ADD CONSTRAINT "experiment_priority" CHECK ("priority" BETWEEN 0 AND 2),
  ADD CONSTRAINT "experiment_granularity" CHECK ("granularity" IN ('pixel', 'channel')),
  ADD CONSTRAINT "experiment_precision" CHECK ("precision" IN ('fp32', 'bf16'));
ALTER TABLE "need" ADD CONSTRAINT "need_origin" CHECK ("origin" IN ('ran', 'shared', 'cached'));
ALTER TABLE "stage_run"
  ADD CONSTRAINT "stage_run_kind"
    CHECK ("kind" IN ('train', 'sensitivity', 'mask-search', 'distillation', 'private-inference')),
  ADD CONSTRAINT "stage_run_precision" CHECK ("precision" IN ('fp32', 'bf16')),
  ADD CONSTRAINT "stage_run_state"
    CHECK ("state" IN ('blocked', 'ready', 'active', 'succeeded', 'failed', 'cancelled')),
  ADD CONSTRAINT "stage_run_finished_at"
    CHECK (("state" IN ('succeeded', 'failed', 'cancelled')) = ("finished_at" IS NOT NULL)),
  ADD CONSTRAINT "stage_run_result" CHECK (("state" = 'succeeded') = ("result" IS NOT NULL)),
  ADD CONSTRAINT "stage_run_waiting_for"
    CHECK ("waiting_for" >= 0 AND ("state" <> 'blocked' OR "waiting_for" > 0)
      AND ("state" NOT IN ('ready', 'active', 'succeeded') OR "waiting_for" = 0));
ALTER TABLE "attempt"
  ADD CONSTRAINT "attempt_state" CHECK ("state" IN
    ('queued', 'running', 'stopping', 'succeeded', 'failed', 'lost', 'preempted', 'cancelled', 'superseded')),
  ADD CONSTRAINT "attempt_stop"
    CHECK ("stop" IN ('checkpoint', 'now') AND "state" <> 'queued' OR "stop" IS NULL AND "state" <> 'stopping'),
  ADD CONSTRAINT "attempt_lease" CHECK ("state" NOT IN ('running', 'stopping')
    OR num_nonnulls("worker_id", "epoch", "lease_expires_at", "started_at") = 4),
  ADD CONSTRAINT "attempt_ended_at" CHECK (("state" IN ('queued', 'running', 'stopping')) = ("ended_at" IS NULL)),
  ADD CONSTRAINT "attempt_failure" CHECK (("state" = 'failed') = ("failure" IS NOT NULL));
ALTER TABLE "worker"
  ADD CONSTRAINT "worker_state" CHECK ("state" IN ('idle', 'busy', 'draining', 'gone')),
  ADD CONSTRAINT "worker_left_at" CHECK (("state" = 'gone') = ("left_at" IS NOT NULL));
ALTER TABLE "stage_run_artifact"
  ADD CONSTRAINT "stage_run_artifact_role" CHECK ("role" IN ('weights', 'sensitivity', 'masks', 'checkpoint'));
ALTER TABLE "mask" ADD CONSTRAINT "mask_granularity" CHECK ("granularity" IN ('pixel', 'channel'));

-- Hashes.
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_hash" CHECK ("hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "login_link" ADD CONSTRAINT "login_link_hash" CHECK ("hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "session" ADD CONSTRAINT "session_hash" CHECK ("hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_request_hash" CHECK ("request_hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "stage_run" ADD CONSTRAINT "stage_run_stage_key" CHECK ("stage_key" ~ '^[0-9a-f]{64}$');
ALTER TABLE "dataset_version" ADD CONSTRAINT "dataset_version_sha256" CHECK ("sha256" ~ '^[0-9a-f]{64}$');
ALTER TABLE "model" ADD CONSTRAINT "model_definition_hash" CHECK ("definition_hash" ~ '^[0-9a-f]{64}$');
ALTER TABLE "artifact"
  ADD CONSTRAINT "artifact_sha256" CHECK ("sha256" ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT "artifact_complete" CHECK (("complete_at" IS NULL) = ("sha256" IS NULL));

-- Counts, shares and bounds.
ALTER TABLE "team"
  ADD CONSTRAINT "team_weight" CHECK ("weight" > 0 AND "weight" < 'Infinity'),
  ADD CONSTRAINT "team_gpu_seconds" CHECK ("gpu_seconds" >= 0 AND "gpu_seconds" < 'Infinity');
ALTER TABLE "spec_revision" ADD CONSTRAINT "spec_revision_number" CHECK ("number" >= 1);
ALTER TABLE "trial"
  ADD CONSTRAINT "trial_number" CHECK ("number" >= 0),
  ADD CONSTRAINT "trial_budget" CHECK ("budget" >= 1),
  ADD CONSTRAINT "trial_seed" CHECK ("seed" >= 0);
ALTER TABLE "stage_run"
  ADD CONSTRAINT "stage_run_counts" CHECK ("version" >= 1 AND "seed" >= 0 AND "failures" >= 0 AND "epoch" >= 0),
  ADD CONSTRAINT "stage_run_gpu_seconds" CHECK ("gpu_seconds" >= 0 AND "gpu_seconds" < 'Infinity');
ALTER TABLE "stage_run_input"
  ADD CONSTRAINT "stage_run_input_one_source" CHECK (num_nonnulls("source_stage_run_id", "sha256") = 1),
  ADD CONSTRAINT "stage_run_input_not_itself" CHECK ("source_stage_run_id" <> "stage_run_id");
ALTER TABLE "attempt"
  ADD CONSTRAINT "attempt_counts" CHECK ("number" >= 1 AND "epoch" >= 1 AND "start_step" >= 0),
  ADD CONSTRAINT "attempt_gpu_seconds" CHECK ("gpu_seconds" >= 0 AND "gpu_seconds" < 'Infinity');
ALTER TABLE "outbox"
  ADD CONSTRAINT "outbox_claim" CHECK (("claimed_by" IS NULL) = ("claimed_at" IS NULL)),
  ADD CONSTRAINT "outbox_sent" CHECK ("sent_at" IS NULL OR "claimed_at" IS NOT NULL);
ALTER TABLE "metric_block"
  ADD CONSTRAINT "metric_block_points"
    CHECK (cardinality("steps") BETWEEN 1 AND 512 AND cardinality("values") = cardinality("steps")),
  ADD CONSTRAINT "metric_block_number" CHECK ("block" >= 0);
ALTER TABLE "log_chunk" ADD CONSTRAINT "log_chunk_offset" CHECK ("offset" >= 0 AND octet_length("bytes") > 0);
ALTER TABLE "dataset_version"
  ADD CONSTRAINT "dataset_version_counts" CHECK ("train_count" > 0 AND "validation_count" >= 0 AND "test_count" >= 0),
  ADD CONSTRAINT "dataset_version_input_shape" CHECK (cardinality("input_shape") = 3 AND 0 < ALL ("input_shape")),
  ADD CONSTRAINT "dataset_version_classes" CHECK (cardinality("classes") >= 2);
ALTER TABLE "model" ADD CONSTRAINT "model_counts" CHECK ("relu_count" > 0 AND "params" > 0 AND "macs" > 0);
ALTER TABLE "sensitivity" ADD CONSTRAINT "sensitivity_shares"
  CHECK ("position" >= 0 AND "density" BETWEEN 0 AND 1 AND "sensitivity" BETWEEN 0 AND 1);
ALTER TABLE "allocation" ADD CONSTRAINT "allocation_within_layer"
  CHECK ("position" >= 0 AND "size" > 0 AND "kept" BETWEEN 0 AND "size");
ALTER TABLE "mask" ADD CONSTRAINT "mask_within_budget" CHECK ("relu_count" BETWEEN 0 AND "budget");
ALTER TABLE "checkpoint" ADD CONSTRAINT "checkpoint_step" CHECK ("step" >= 0);
ALTER TABLE "artifact" ADD CONSTRAINT "artifact_bytes" CHECK ("bytes" >= 0);
ALTER TABLE "artifact_chunk" ADD CONSTRAINT "artifact_chunk_bytes"
  CHECK ("number" >= 0 AND octet_length("bytes") BETWEEN 1 AND 8388608);
ALTER TABLE "frontier_point"
  ADD CONSTRAINT "frontier_point_counts"
    CHECK ("budget" >= 1 AND "relu_count" >= 0 AND "macs" > 0 AND "images" >= 0 AND "seed" >= 0),
  ADD CONSTRAINT "frontier_point_accuracies"
    CHECK ("validation_accuracy" BETWEEN 0 AND 1 AND "test_accuracy" BETWEEN 0 AND 1),
  ADD CONSTRAINT "frontier_point_gpu_seconds" CHECK ("gpu_seconds" >= 0 AND "gpu_seconds" < 'Infinity');

-- One run of a key in a scope: failure is never cached.
CREATE UNIQUE INDEX "stage_run_one_live" ON "stage_run" ("scope_team_id", "stage_key") NULLS NOT DISTINCT
  WHERE "state" NOT IN ('failed', 'cancelled');
-- What dispatch looks through.
CREATE INDEX "stage_run_ready" ON "stage_run" ("kind", "pool", "created_at") WHERE "state" = 'ready';
-- One live attempt of a stage run, and one attempt in a slot.
CREATE UNIQUE INDEX "attempt_one_live" ON "attempt" ("stage_run_id") WHERE "state" IN ('queued', 'running', 'stopping');
CREATE UNIQUE INDEX "attempt_one_per_slot" ON "attempt" ("worker_id") WHERE "state" IN ('running', 'stopping');
CREATE INDEX "attempt_lease_expires_at" ON "attempt" ("lease_expires_at") WHERE "state" IN ('running', 'stopping');
CREATE INDEX "attempt_queued_at" ON "attempt" ("queued_at") WHERE "state" = 'queued';
CREATE INDEX "outbox_unsent" ON "outbox" ("id") WHERE "sent_at" IS NULL;
CREATE INDEX "experiment_active" ON "experiment" ("id") WHERE "state" = 'active';
CREATE INDEX "need_live" ON "need" ("stage_run_id") WHERE "released_at" IS NULL;
CREATE UNIQUE INDEX "worker_one_live" ON "worker" ("name") WHERE "state" <> 'gone';
