import { z } from "zod";
import { idSchema, labelSchema, nameSchema, pageOf, sha256Schema, timestampSchema } from "./primitives.ts";
import {
  artifactRefSchema,
  piCostSchema,
  piMachineSchema,
  stageParamsSchema,
  stageResultSchema,
  variantSchema,
} from "./stages.ts";
import {
  attemptStates,
  experimentStates,
  frontierAxes,
  granularities,
  needOrigins,
  networkProfileNames,
  piSystems,
  precisions,
  priorities,
  reluProtocols,
  roles,
  stageKinds,
  stageRunStates,
  trialStates,
  waitingCodes,
  workerStates,
} from "./words.ts";
import {
  attemptEngineSchema,
  engineInfoSchema,
  preparingDatasetSchema,
  recordedFailureSchema,
  unusableDatasetSchema,
} from "./worker.ts";

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

/** The point to take: the smallest budget within one point of the AR model, else the most accurate. Means over seeds. */
export const tradeOffSchema = z.object({
  method: z.string(),
  reluCount: z.int(),
  /** The split whose accuracies were compared. The other decides nothing. */
  decidedBy: z.literal("validation"),
  /** Otherwise none is, or there is no AR model to compare with, and this is the most accurate. */
  withinOnePoint: z.boolean(),
  validationAccuracy: z.number(),
  testAccuracy: z.number(),
});
export type TradeOff = z.infer<typeof tradeOffSchema>;

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

const modelledPhaseSchema = z.object({ ms: z.number(), bytes: z.number() });

/** What one inference would cost in a system by its published constants, on its authors' machines. No measurement is in it. */
export const modelledCostSchema = z.object({
  system: z.enum(piSystems),
  /** ReLUs kept. */
  reluCount: z.int(),
  offline: modelledPhaseSchema,
  online: modelledPhaseSchema,
});
export type ModelledCost = z.infer<typeof modelledCostSchema>;

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

/** Private inference of a point's network, measured: of the machine that it names, and of no other. */
export const measurementSchema = z.object({
  stageRunId: idSchema,
  system: z.enum(piSystems),
  protocol: z.enum(reluProtocols),
  profile: z.enum(networkProfileNames),
  batch: z.int(),
  threads: z.int(),
  repeat: z.int(),
  samples: z.int(),
  privateAccuracy: z.number(),
  plaintextAccuracy: z.number(),
  agreement: z.number(),
  /** Without the single steps, which are the stage run's to show. */
  cost: piCostSchema.omit({ steps: true }),
  machine: piMachineSchema,
  measuredAt: timestampSchema,
});
export type PiMeasurement = z.infer<typeof measurementSchema>;

/**
 * What measurements have in common whose figures may be compared: how, between whom, and on which kind of machine. `key`
 * names it.
 */
export const piSettingSchema = measurementSchema
  .pick({ system: true, protocol: true, profile: true, batch: true, threads: true })
  .extend({
    key: z.string(),
    processor: z.string(),
    cores: z.int(),
    level: z.string(),
    /** Whether the offline figures hold what linear layers cost; null of old ones that hold all that ran. */
    label: z.string().nullable(),
  });
export type PiSetting = z.infer<typeof piSettingSchema>;

/** A point's place on an axis of cost, milliseconds or bytes: of its measurements in one setting. */
export const pointCostSchema = z.object({
  /** The median of its measurements, each the median of its samples. */
  value: z.number(),
  /** Of the fastest and of the slowest sample of all of them. */
  least: z.number(),
  most: z.number(),
  /** How many there were. */
  measurements: z.int(),
  /** Others used the machine meanwhile, each time: those measurements that had it alone count alone, where there are any. */
  disturbed: z.boolean(),
});
export type PointCost = z.infer<typeof pointCostSchema>;

export const frontierPointSchema = z.object({
  id: idSchema,
  stageRunId: idSchema,
  /** Null where the caller's team has no need of the stage run. */
  experimentId: idSchema.nullable(),
  trialId: idSchema.nullable(),
  variant: z.string(),
  /** `ar` for the all-ReLU model. */
  method: z.string(),
  recipe: z.string(),
  seed: z.int(),
  budget: z.int().nullable(),
  reluCount: z.int(),
  /** Units that compute a polynomial where their ReLU was: points that have some cost more than their ReLU count says. */
  polynomialUnits: z.int(),
  convention: z.string(),
  /**
   * The artifact that its spec gave, masks before an AR model, and the name of the experiment that evaluated it as it came in,
   * where the caller may see one: points of two files are no seeds of one another. Null where the spec gave none.
   */
  source: z.object({ sha256: sha256Schema, name: z.string().nullable() }).nullable(),
  macs: z.number(),
  images: z.int(),
  gpuSeconds: z.number(),
  validationAccuracy: z.number(),
  testAccuracy: z.number(),
  /** No point of the same frontier has at most as many ReLUs, or the same cost, and a higher validation accuracy. */
  onFrontier: z.boolean(),
  /** On the axis that was asked for; there where it is one of cost, and of the points that were measured. */
  cost: pointCostSchema.optional(),
  /** Why its accuracies may be wrong, though nothing failed; null where nothing is known against them. */
  suspect: z.string().nullable(),
  /** What its private inference cost, as often as it was measured. */
  measurements: z.array(measurementSchema),
});
export type FrontierPoint = z.infer<typeof frontierPointSchema>;

/** Which points of a frontier are told: every one, or those that no other dominates. */
export const frontierSelections = ["all", "frontier"] as const;
export type FrontierSelection = (typeof frontierSelections)[number];

export const frontierSchema = z.object({
  dataset: z.string(),
  datasetVersion: sha256Schema,
  model: z.string(),
  classes: z.int(),
  totalRelus: z.int(),
  /** Of all of them, by ReLUs or by the cost that was asked for; null before any. */
  recommendation: tradeOffSchema.nullable(),
  /** All of them, or those on the frontier, as asked. All-ReLU models first, then by ReLU count. */
  points: z.array(frontierPointSchema),
  /** Where an axis of cost was asked for. Then the points are all-ReLU models and those that were measured in `setting`. */
  measured: z
    .object({
      axis: z.enum(frontierAxes).exclude(["relus"]),
      /** Key of the setting; null where nothing was measured. */
      setting: z.string().nullable(),
      /** All that there are, with how many points each has; most first. */
      settings: z.array(piSettingSchema.extend({ points: z.int() })),
      /** Partial-ReLU points without a measurement in the setting, which are not told. */
      unmeasured: z.int(),
    })
    .optional(),
});
export type Frontier = z.infer<typeof frontierSchema>;

export const datasetSchema = z.object({
  name: z.string(),
  /** Other names of the same version: of folders that were renamed or copied. */
  alsoNamed: z.array(z.string()),
  version: sha256Schema,
  classes: z.array(z.string()),
  inputShape: z.tuple([z.int(), z.int(), z.int()]),
  splits: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
  createdAt: timestampSchema,
});
export type Dataset = z.infer<typeof datasetSchema>;

/** Registration of a dataset version by a worker or the local stack; the version is the manifest's hash. */
export const datasetRegistrationSchema = datasetSchema
  .omit({ alsoNamed: true, createdAt: true })
  .extend({ name: nameSchema, classes: z.array(labelSchema) });
export type DatasetRegistration = z.infer<typeof datasetRegistrationSchema>;

const splitNames = ["train", "validation", "test"] as const;

/** What people are shown of a data set. A worker makes it when it has prepared the version. */
export const datasetCardSchema = z.object({
  classes: z.array(z.object({ name: z.string(), train: z.int(), validation: z.int(), test: z.int() })),
  /** Null where an earlier version prepared it, which did not keep them. */
  preparation: z
    .object({
      /** Images whose bytes lie in two splits, with a few of their names in both. */
      duplicates: z.array(
        z.object({
          between: z.tuple([z.enum(splitNames), z.enum(splitNames)]),
          images: z.int(),
          examples: z.array(z.tuple([z.string(), z.string()])),
        }),
      ),
      /** Images that were left out for they cannot be decoded: how many, and some with the reason. */
      broken: z.object({ images: z.int(), examples: z.array(z.object({ file: z.string(), reason: z.string() })) }),
    })
    .nullable(),
  /** How the sheet of samples is laid out: a row of squares for each of the first classes, a gap before each and after the last. */
  sheet: z.object({ rows: z.int(), columns: z.int(), side: z.int(), gap: z.int() }),
});
export type DatasetCard = z.infer<typeof datasetCardSchema>;

export const datasetDetailSchema = datasetSchema.extend({
  /** Null before a worker has made it. */
  card: datasetCardSchema.nullable(),
});
export type DatasetDetail = z.infer<typeof datasetDetailSchema>;

/** A prepared data set whose shards are artifacts: its files, each the shards that it consists of, in order. */
export const datasetPushSchema = z.object({
  dataset: datasetRegistrationSchema,
  files: z
    .array(
      z.object({
        path: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, "must be the name of a prepared file"),
        shards: z.array(sha256Schema).min(1),
      }),
    )
    .min(1)
    .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, "must name each path once"),
});
export type DatasetPush = z.infer<typeof datasetPushSchema>;

export const datasetPushAnswerSchema = z.object({
  /** Shards that are to be stored first; empty once the data set is pushed. */
  missing: z.array(sha256Schema),
  dataset: datasetSchema.nullable(),
});
export type DatasetPushAnswer = z.infer<typeof datasetPushAnswerSchema>;

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

export const workerSchema = z.object({
  id: idSchema,
  name: z.string(),
  pool: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Bytes of its GPU's memory; null where it has none, or it is not known. */
  gpuMemory: z.number().nullable(),
  state: z.enum(workerStates),
  /** Why it is drained or quarantined. */
  reason: z.string().nullable(),
  /** Until when it is quarantined; null where it is not, or until a person releases it. */
  quarantinedUntil: timestampSchema.nullable(),
  engine: engineInfoSchema,
  attemptId: idSchema.nullable(),
  stageRunId: idSchema.nullable(),
  imagesPerSecond: z.number().nullable(),
  startedAt: timestampSchema,
  lastBeatAt: timestampSchema,
});
export type Worker = z.infer<typeof workerSchema>;

/** What a person says who takes a worker out of service. */
export const drainRequestSchema = z.strictObject({
  reason: z
    .string()
    .max(500)
    .regex(/^\P{Cc}*$/u, "must be one line without control characters")
    .optional(),
});

/** The same of a quarantine, which lasts so many seconds, or else until a person releases the worker. */
export const quarantineRequestSchema = drainRequestSchema.extend({
  seconds: z.int().min(1).max(31_536_000).optional(),
});

export const sessionRequestSchema = z.strictObject({ link: z.string().min(20).max(200) });
export const identitySchema = z.object({ team: z.string(), name: z.string(), role: z.enum(roles) });
export type Identity = z.infer<typeof identitySchema>;

export const tokenRequestSchema = z.strictObject({ name: nameSchema, role: z.enum(roles) });
/** A team's claim to the slots of an installation, and its use of them. */
export const teamShareSchema = z.object({
  name: z.string(),
  /** Dispatch divides the use of teams by it. */
  weight: z.number(),
  /** Of late: decayed with a half-life of a day, running work counted. */
  gpuSeconds: z.number(),
  quota: z.number().nullable(),
  hard: z.boolean(),
});
export type TeamShare = z.infer<typeof teamShareSchema>;
export const teamShareListSchema = z.object({ items: z.array(teamShareSchema) });

export const teamSchema = z.strictObject({ name: nameSchema });
/** A new bearer token, shown this once. */
export const tokenSchema = z.object({ token: z.string() });

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
export const datasetListSchema = z.object({
  items: z.array(datasetSchema),
  /** What workers that are there prepare, each as far as the furthest of them. */
  preparing: z.array(preparingDatasetSchema.extend({ workers: z.array(z.string()) })),
  /** What the data folders of the workers that are there hold besides, each with the workers that told it. */
  unusable: z.array(unusableDatasetSchema.extend({ workers: z.array(z.string()) })),
});
export type DatasetList = z.infer<typeof datasetListSchema>;
export const modelListSchema = z.object({ items: z.array(modelSchema) });
export const workerListSchema = z.object({ items: z.array(workerSchema) });
