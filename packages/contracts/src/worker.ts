import { z } from "zod";
import { idSchema, labelSchema, nameSchema, poolSchema, sha256Schema } from "./primitives.ts";
import { slotLabelsSchema } from "./slot-resources.ts";
import { artifactRefSchema, inputNames, stageParamsSchema, stageResultSchema } from "./stages.ts";
import { faults, precisions, stageKinds, stopWays } from "./words.ts";

/** What BullMQ delivers. Everything else is read when the attempt is claimed, so a stale job can do no harm. */
export const jobPayloadSchema = z.strictObject({ attemptId: idSchema, stageRunId: idSchema, kind: z.enum(stageKinds) });
export type JobPayload = z.infer<typeof jobPayloadSchema>;

/** What computes: never hashed into a stage key. */
export const engineInfoSchema = z.object({
  backend: z.string(),
  device: z.string(),
  memoryBytes: z.int().nullable(),
  threads: z.int().min(1),
  /** Those in which it can run attempts. */
  precisions: z.array(z.enum(precisions)).default(["fp32"]), // workers that do not say have no other
  /** Whether the same steps give the same bits each time on this model of device, at some cost. */
  deterministic: z.boolean().default(false),
  versions: z.record(z.string(), z.string()),
  /** Level of the processor's instructions that it computes with; null where it is no matter of levels, or unknown. */
  cpuLevel: z.string().nullable().default(null),
});
export type EngineInfo = z.infer<typeof engineInfoSchema>;

/** A data set that was found in a data folder and cannot be used there, with what to do about it. */
export const unusableDatasetSchema = z.object({
  /** As it would be called. */
  name: z.string().max(1_000),
  /** Which file or folder, and what is wrong with it. */
  reason: z.string().max(4_000),
  fix: z.string().max(4_000),
});
export type UnusableDataset = z.infer<typeof unusableDatasetSchema>;

/** A data set of a data folder that is not ready yet: it waits for its turn, is read, or its images are decoded. */
export const preparingDatasetSchema = z.object({
  /** As it will be called. */
  name: z.string().max(1_000),
  step: z.enum(["waiting", "reading", "decoding"]),
  /** Images of this step. */
  done: z.int().min(0),
  /** Not known before all are read. */
  total: z.int().min(0).nullable(),
  imagesPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
});
export type PreparingDataset = z.infer<typeof preparingDatasetSchema>;

/** What a worker has of its data folders by now. */
export const workerDatasetsSchema = z.object({
  /** Dataset versions whose files it has. */
  datasets: z.array(sha256Schema),
  preparingDatasets: z.array(preparingDatasetSchema),
  /** What its data folders hold besides. */
  unusableDatasets: z.array(unusableDatasetSchema),
});
export type WorkerDatasets = z.infer<typeof workerDatasetsSchema>;

/**
 * How a worker presents itself. Names are restricted where they come in, never where they are read: what an earlier version
 * stored stays readable.
 */
export const workerRegistrationSchema = z.strictObject({
  name: nameSchema,
  hostname: labelSchema,
  pool: poolSchema,
  labels: slotLabelsSchema.default({}),
  /** Bytes of its GPU's memory; null where it has none, or it is not known. */
  gpuMemory: z.int().positive().nullable().default(null),
  engine: engineInfoSchema.extend({
    backend: nameSchema,
    device: labelSchema,
    versions: z.record(labelSchema, labelSchema),
  }),
  /** Implementation → the version this worker has. */
  versions: z.record(labelSchema, z.int()),
  ...workerDatasetsSchema.shape,
});
/** As a worker says it: labels may be left out. */
export type WorkerRegistration = z.input<typeof workerRegistrationSchema>;

/** What computed an attempt, and in which precision. */
export const attemptEngineSchema = engineInfoSchema
  .omit({ precisions: true })
  .extend({ precision: z.enum(precisions).default("fp32") });

/** A claimed attempt, with local paths of its inputs: all that the child needs, and all that it gets. */
export const assignmentSchema = z.object({
  attemptId: idSchema,
  stageRunId: idSchema,
  attempt: z.int().min(1),
  implementation: z.string(),
  version: z.int(),
  params: stageParamsSchema,
  precision: z.enum(precisions),
  seed: z.int(),
  datasetVersion: sha256Schema,
  /** Files of the stage's inputs in the worker's artifact cache. */
  inputs: z.partialRecord(z.enum(inputNames), z.string()),
  /** Checkpoint file to resume from; null starts at step 0. */
  resumeFrom: z.string().nullable(),
  /** Existing folder, the attempt's own; removed by the supervisor when the child is gone. */
  scratch: z.string(),
  /** Least seconds between two time-based checkpoints. */
  checkpointSeconds: z.number().positive(),
});
export type Assignment = z.infer<typeof assignmentSchema>;

/** A point of a series. Series names: `loss`, `accuracy`, `learning-rate`, `images-per-second`, `waiting`, `distance`, … */
export const metricPointSchema = z.object({ series: labelSchema.max(64), step: z.int().min(0), value: z.number() });
export type MetricPoint = z.infer<typeof metricPointSchema>;

/** From this share of its time that a training waits for images (the series `waiting`), reading them is what limits it. */
export const imagesLimitFrom = 0.1;

export const progressSchema = z.object({
  step: z.int().min(0),
  totalSteps: z.int().positive(),
  imagesPerSecond: z.number().min(0),
  loss: z.number().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;

/** A file that the child wrote into its scratch folder and will not touch again. */
export const writtenFileSchema = artifactRefSchema.omit({ sha256: true, bytes: true }).extend({ path: z.string() });

/** Why an attempt ended without a result. `fatal` is not retried: bad spec, missing data, a loss that is not finite. */
export const failureSchema = z.object({
  code: z.enum(["not-finite", "bad-input", "out-of-memory", "child-exit", "internal"]),
  fatal: z.boolean(),
  message: z.string().max(10_000),
  step: z.int().nullable(),
});
export type Failure = z.infer<typeof failureSchema>;

/** A failure as it is kept; earlier versions did not judge them. */
export const recordedFailureSchema = failureSchema.extend({
  /** As the table of exit causes calls it. */
  cause: z.string().optional(),
  fault: z.enum(faults).optional(),
});
export type RecordedFailure = z.infer<typeof recordedFailureSchema>;

/** Child → supervisor, over the pipe. */
export const fromChildSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), engine: engineInfoSchema }),
  z.object({ type: z.literal("started"), step: z.int() }),
  z.object({ type: z.literal("progress"), progress: progressSchema, points: z.array(metricPointSchema) }),
  z.object({ type: z.literal("log"), line: z.string() }),
  z.object({ type: z.literal("checkpoint"), step: z.int(), file: writtenFileSchema }),
  z.object({
    type: z.literal("succeeded"),
    result: stageResultSchema,
    files: z.array(writtenFileSchema),
    points: z.array(metricPointSchema),
  }),
  z.object({ type: z.literal("failed"), failure: failureSchema }),
  /** Answer to `stop` with `checkpoint`: a last checkpoint went before. */
  z.object({ type: z.literal("stopped"), step: z.int() }),
]);
export type FromChild = z.infer<typeof fromChildSchema>;

/** Supervisor → child. The child exits within one step when the pipe closes. */
export const toChildSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), assignment: assignmentSchema }),
  /** `checkpoint`: write one and end (drained, or no trial needs it). `now`: just end (cancelled, stale). */
  z.object({ type: z.literal("stop"), how: z.enum(stopWays) }),
]);
export type ToChild = z.infer<typeof toChildSchema>;
