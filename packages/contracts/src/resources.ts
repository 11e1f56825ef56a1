import { z } from "zod";
import { tradeOffSchema } from "./frontiers.ts";
import { modelledCostSchema } from "./measurements.ts";
import { idSchema, pageOf, sha256Schema, timestampSchema } from "./primitives.ts";
import { artifactRefSchema, stageParamsSchema, stageResultSchema, variantSchema } from "./stages.ts";
import {
  attemptStates,
  experimentStates,
  granularities,
  needOrigins,
  precisions,
  priorities,
  stageKinds,
  stageRunStates,
  trialStates,
  waitingCodes,
} from "./words.ts";
import { attemptEngineSchema, recordedFailureSchema } from "./worker.ts";

/** Shapes of the API's answers. Times are ISO 8601 UTC, accuracies shares in [0, 1], durations seconds. */

/** Needs of an experiment by state; cached ones are also succeeded. */
export const progressCountsSchema = z.object({
  total: z.int(),
  succeeded: z.int(),
  cached: z.int(),
  active: z.int(),
  waiting: z.int(),
  failed: z.int(),
  cancelled: z.int(),
});
export type ProgressCounts = z.infer<typeof progressCountsSchema>;

export const experimentSummarySchema = z.object({
  id: idSchema,
  name: z.string(),
  state: z.enum(experimentStates),
  reason: z.string().nullable(),
  dataset: z.string(),
  datasetVersion: sha256Schema,
  model: z.string(),
  recipe: z.string(),
  methods: z.array(z.string()),
  budgets: z.array(z.int()),
  seeds: z.array(z.int()),
  trials: z.int(),
  /** Stage runs (each counted once however many trials need it). */
  progress: progressCountsSchema,
  /** Of its own points; null before any. */
  best: tradeOffSchema.nullable(),
  gpuSeconds: z.number(),
  etaSeconds: z.number().nullable(),
  owner: z.string(),
  createdAt: timestampSchema,
  finishedAt: timestampSchema.nullable(),
});
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>;

export const trialSchema = z.object({
  id: idSchema,
  experimentId: idSchema,
  method: z.string(),
  model: z.string(),
  budget: z.int().nullable(),
  seed: z.int(),
  state: z.enum(trialStates),
  /** Its own where it has one, else its experiment's. */
  priority: z.enum(priorities),
  reason: z.string().nullable(),
  needs: z.array(
    z.object({
      stageRunId: idSchema,
      kind: z.enum(stageKinds),
      origin: z.enum(needOrigins),
      state: z.enum(stageRunStates),
    }),
  ),
  reluCount: z.int().nullable(),
  validationAccuracy: z.number().nullable(),
  testAccuracy: z.number().nullable(),
});
export type Trial = z.infer<typeof trialSchema>;

export const liveProgressSchema = z.object({
  step: z.int(),
  totalSteps: z.int(),
  imagesPerSecond: z.number(),
  loss: z.number().nullable(),
  etaSeconds: z.number().nullable(),
});

export const attemptSchema = z.object({
  id: idSchema,
  stageRunId: idSchema,
  number: z.int(),
  state: z.enum(attemptStates),
  worker: z.string().nullable(),
  engine: attemptEngineSchema.nullable(),
  /** Step it began at: above 0 when resumed from a checkpoint. */
  startStep: z.int().nullable(),
  step: z.int().nullable(),
  /** Resumed on another backend, device, level of instructions or thread count, so not bit-identical to an undisturbed run. */
  inexact: z.boolean(),
  reason: z.string().nullable(),
  failure: recordedFailureSchema.nullable(),
  gpuSeconds: z.number(),
  queuedAt: timestampSchema,
  startedAt: timestampSchema.nullable(),
  endedAt: timestampSchema.nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const stageRunSchema = z.object({
  id: idSchema,
  stageKey: sha256Schema,
  kind: z.enum(stageKinds),
  implementation: z.string(),
  version: z.int(),
  params: stageParamsSchema,
  precision: z.enum(precisions),
  seed: z.int(),
  state: z.enum(stageRunStates),
  /** Why it failed, or, while it is ready, why no worker can take it. */
  reason: z.string().nullable(),
  /** Stage runs whose results this one takes, by input name. */
  inputs: z.array(
    z.object({
      name: z.string(),
      stageRunId: idSchema.nullable(),
      /** Which of that run's results. */
      variant: variantSchema,
      artifact: sha256Schema.nullable(),
    }),
  ),
  /** How this experiment came by it; null outside an experiment's view. */
  origin: z.enum(needOrigins).nullable(),
  /** Trials of this experiment that wait for it or used it. */
  trials: z.int(),
  attempts: z.int(),
  progress: liveProgressSchema.nullable(),
  result: stageResultSchema.nullable(),
  artifacts: z.array(artifactRefSchema),
  createdAt: timestampSchema,
  finishedAt: timestampSchema.nullable(),
});
export type StageRun = z.infer<typeof stageRunSchema>;

/** Why a stage run has no slot yet; null where it does not wait. */
export const waitingSchema = z.object({
  waiting: z.object({ code: z.enum(waitingCodes), message: z.string() }).nullable(),
});
export type Waiting = z.infer<typeof waitingSchema>;

export const experimentSchema = experimentSummarySchema.extend({
  granularity: z.enum(granularities),
  precision: z.enum(precisions),
  priority: z.enum(priorities),
  pool: z.string(),
  /** The spec as submitted, latest revision. */
  spec: z.record(z.string(), z.unknown()),
  revision: z.int(),
  stageRuns: z.array(stageRunSchema),
});
export type Experiment = z.infer<typeof experimentSchema>;

/**
 * What the finished attempts of the same implementation, model, image size and precision tell: a stage takes its images over
 * `imagesPerSecond`, and `overheadSeconds` whatever its length. Of the workers that run now where there are any, else of
 * those that ran last.
 */
export const throughputSchema = z.object({
  backend: z.string(),
  device: z.string(),
  threads: z.int(),
  /** How many threads the attempts had, where none ran with `threads`: then the speed is theirs, in proportion on a CPU. */
  estimatedFrom: z.int().nullable(),
  /** While training. */
  imagesPerSecond: z.number().positive(),
  /** Worker time of an attempt beside its training: start and evaluation. */
  overheadSeconds: z.number(),
  /** Of their training, the share that waited for images; null where it was not noted. */
  waiting: z.number().nullable(),
  attempts: z.int(),
});
export type Throughput = z.infer<typeof throughputSchema>;

export const planSchema = z.object({
  datasetVersion: sha256Schema,
  reluCount: z.int(),
  /** Of each budget's networks in each system, by published constants; an older server tells none. */
  modelled: z.array(modelledCostSchema).optional(),
  trials: z.array(
    z.object({ method: z.string(), budget: z.int().nullable(), seed: z.int(), stageKeys: z.array(sha256Schema) }),
  ),
  stageRuns: z.array(
    z.object({
      stageKey: sha256Schema,
      kind: z.enum(stageKinds),
      implementation: z.string(),
      steps: z.int(),
      images: z.int(),
      seed: z.int(),
      trials: z.int(),
      /** Size of the largest checkpoint that it takes. */
      checkpointBytes: z.int(),
      /** What attempts measured that ended here; null where nothing like it has ended yet. */
      throughput: throughputSchema.nullable(),
      /** Already in the store: finished, or being worked on. */
      known: z.enum(["cached", "shared"]).nullable(),
    }),
  ),
});
export type PlanAnswer = z.infer<typeof planSchema>;

export const metricSeriesSchema = z.object({
  series: z.string(),
  steps: z.array(z.int()),
  values: z.array(z.number()),
});
export type MetricSeries = z.infer<typeof metricSeriesSchema>;

export const logPageSchema = z.object({
  text: z.string(),
  /** Byte offset after `text`: pass as `?offset=` for what follows. */
  next: z.int(),
  /** No more will follow. */
  ended: z.boolean(),
});
export type LogPage = z.infer<typeof logPageSchema>;

export const modelSchema = z.object({
  name: z.string(),
  inputShape: z.tuple([z.int(), z.int(), z.int()]),
  reluCount: z.int(),
  /** Counted without the stem's ReLU, as SNL does. */
  reluCountWithoutStem: z.int(),
  params: z.int(),
  macs: z.int(),
  reluLayers: z.array(z.object({ name: z.string(), shape: z.array(z.int()), units: z.int() })),
});
export type ModelResource = z.infer<typeof modelSchema>;

export const experimentPageSchema = pageOf(experimentSummarySchema);
/** What came of a command for many trials of an experiment. */
export const trialsChangedSchema = z.object({
  /** How many it was for. */
  changed: z.int(),
  experiment: experimentSummarySchema,
});
export type TrialsChanged = z.infer<typeof trialsChangedSchema>;

export const trialPageSchema = pageOf(trialSchema);
export const attemptListSchema = z.object({ items: z.array(attemptSchema) });
export const metricsSchema = z.object({ series: z.array(metricSeriesSchema) });
export const modelListSchema = z.object({ items: z.array(modelSchema) });
