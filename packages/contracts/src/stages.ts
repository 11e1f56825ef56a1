import { z } from "zod";
import { sha256Schema } from "./primitives.ts";
import {
  distillationSettingsSchema,
  maskSearchSettingsSchema,
  sensitivitySettingsSchema,
  trainSettingsSchema,
} from "./settings.ts";
import { granularities, linearProtocols, networkProfileNames, reluProtocols } from "./words.ts";

const steps = z.int().positive();
/** None where a network from elsewhere is evaluated as it is. */
const anySteps = z.int().min(0);
/**
 * What every stage run of a kind is told: resolved, complete, and hashed into its stage key. `steps` counts optimizer steps.
 * An implementation may be told more, under a name of its own: its definition knows what.
 */
export const kindParams = {
  train: { kind: z.literal("train"), model: z.string(), steps: anySteps, settings: trainSettingsSchema },
  sensitivity: { kind: z.literal("sensitivity"), model: z.string(), steps, settings: sensitivitySettingsSchema },
  "mask-search": {
    kind: z.literal("mask-search"),
    model: z.string(),
    /** ReLUs to keep; of a descent the last it comes to. */
    budget: z.int().positive(),
    /** Every budget of a descent, falling; each becomes a variant of that name. */
    budgets: z.array(z.int().positive()).min(1).max(1_000).optional(),
    granularity: z.enum(granularities),
    steps,
    /** Optimizer steps between two mask updates. */
    intervalSteps: z.int().positive(),
    settings: maskSearchSettingsSchema,
  },
  distillation: {
    kind: z.literal("distillation"),
    model: z.string(),
    steps: anySteps,
    settings: distillationSettingsSchema,
  },
  "private-inference": {
    kind: z.literal("private-inference"),
    model: z.string(),
    /** Test images that are inferred, the first ones of the split. */
    samples: z.int().positive(),
    /** How ReLUs are computed. */
    protocol: z.enum(reluProtocols),
    /** What gives the correlations of linear layers; a dealer where it is not said, as it was before there was another. */
    linear: z.enum(linearProtocols).optional(),
    /** Network between client and server. */
    profile: z.enum(networkProfileNames),
    /** Images of one inference. */
    batch: z.int().positive(),
    /** Threads of each party. */
    threads: z.int().positive(),
    /** Tells measurements of the same apart: from 1. */
    repeat: z.int().positive(),
  },
} as const;

/** Parameters of a stage run as they are stored and carried. Who runs it holds what stands beside to its definition. */
export const stageParamsSchema = z.discriminatedUnion("kind", [
  z.looseObject(kindParams.train),
  z.looseObject(kindParams.sensitivity),
  z.looseObject(kindParams["mask-search"]),
  z.looseObject(kindParams.distillation),
  z.looseObject(kindParams["private-inference"]),
]);
export type StageParams = z.infer<typeof stageParamsSchema>;
/** Of a stage that goes through the training images. */
export type TrainingParams = Exclude<StageParams, { kind: "private-inference" }>;
export type ParamsOf<K extends StageParams["kind"]> = Extract<StageParams, { kind: K }>;

const accuracy = z.number().min(0).max(1);

/**
 * Which of its results a stage run is asked for. Every run has `full`: all that most runs have. A descent also has one
 * for each budget that it passed, named by its count; a network of several widths one for each narrower width.
 */
export const fullVariant = "full";
export const variantSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.]{0,31}$/, "must be lower-case letters, digits and dots");

export const layerSensitivitySchema = z.object({
  /** Name of the ReLU layer. */
  layer: z.string(),
  /** η_θ: share of non-zero weights that the convolution feeding this ReLU holds after sparse training. */
  density: accuracy,
  /** η_α = 1 − η_θ, normalized to sum to 1 over the layers. */
  sensitivity: accuracy,
});

/** JSON artifact of a sensitivity run; also what `sensitivity: ARTIFACT` imports. */
export const sensitivityArtifactSchema = z.object({
  model: z.string(),
  /** d, the global density that Σ non-zeros / Σ weights equals. */
  density: z.number(),
  layers: z.array(layerSensitivitySchema).min(1),
});
export type SensitivityArtifact = z.infer<typeof sensitivityArtifactSchema>;

export const layerAllocationSchema = z.object({
  layer: z.string(),
  /** ReLU units of the layer. */
  size: z.int().positive(),
  /** r_l: units kept. */
  kept: z.int().min(0),
});
export type LayerAllocation = z.infer<typeof layerAllocationSchema>;

/** Masks that a search passed on its way. `images`: those trained on until then. */
export const maskVariantSchema = z.object({
  budget: z.int(),
  images: z.int(),
  reluCount: z.int(),
  allocation: z.array(layerAllocationSchema),
  validationAccuracy: accuracy,
});
export type MaskVariant = z.infer<typeof maskVariantSchema>;

/** A narrower network that shares its weights with the full one. */
export const networkVariantSchema = z.object({
  reluCount: z.int(),
  /** Multiply–accumulates of one image. */
  macs: z.int(),
  validationAccuracy: accuracy,
  testAccuracy: accuracy,
});
export type NetworkVariant = z.infer<typeof networkVariantSchema>;

/** Shares of a distillation's terms, which sum to 1; all 0 where no step was taken. */
const lossTermSharesSchema = z.object({ crossEntropy: z.number(), divergence: z.number(), pram: z.number() });

/** What one phase of an inference cost the client: milliseconds with waiting, bytes with headers. */
const phaseCostSchema = z.object({
  ms: z.number(),
  bytesSent: z.number(),
  bytesReceived: z.number(),
  /** Times that an answer was awaited: what a network's latency multiplies. */
  rounds: z.number(),
});
/** Over the samples: the median inference by time, and the times of the fastest and the slowest. */
const phaseSpreadSchema = phaseCostSchema.extend({ leastMs: z.number(), mostMs: z.number() });

/** Costs of private inference, as its client sees them; means and medians are over the samples. */
export const piCostSchema = z.object({
  offline: phaseSpreadSchema,
  online: phaseSpreadSchema,
  /** Mean cost of each step in the order of computation; one that is named in both phases has a row for each. */
  steps: z.array(phaseCostSchema.extend({ phase: z.enum(["offline", "online"]), step: z.string() })),
  /** Whether the offline figures hold what linear layers cost; null of old ones that hold all that ran. */
  label: z.string().nullable(),
});
export type PiCost = z.infer<typeof piCostSchema>;

/** Where a measurement was made, and whether it had that machine for itself. */
export const piMachineSchema = z.object({
  processor: z.string(),
  cores: z.int(),
  /** Instructions of the kernels. */
  level: z.string(),
  /** Share of all cores that other processes took meanwhile; null where the machine does not tell. */
  othersShare: z.number().nullable(),
  /** Others took more than a twentieth of the cores, or more than half a core. */
  disturbed: z.boolean(),
});
export type PiMachine = z.infer<typeof piMachineSchema>;

/** What a stage run found, small enough for a row; bytes are artifacts. Accuracies are shares in [0, 1]. */
export const stageResultSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("train"),
    images: z.int(),
    reluCount: z.int(),
    validationAccuracy: accuracy,
    testAccuracy: accuracy,
  }),
  z.object({
    kind: z.literal("sensitivity"),
    images: z.int(),
    density: accuracy,
    layers: z.array(layerSensitivitySchema),
    /** Densities of all layers after each prune–regrow round, in the order of `layers`. */
    history: z.array(z.object({ step: z.int(), densities: z.array(z.number()) })),
  }),
  z.object({
    kind: z.literal("mask-search"),
    images: z.int(),
    reluCount: z.int(),
    /** Units that compute a polynomial in place of their ReLU: where there are any, equal counts are not equal cost. */
    polynomialUnits: z.int().optional(),
    allocation: z.array(layerAllocationSchema),
    /** After each update: units exchanged (of a descent: removed) / Σ r_l, and each layer's share of kept units that stayed. */
    history: z.array(z.object({ step: z.int(), distance: accuracy, overlap: z.array(accuracy) })),
    /** Searches under a penalty: its weight, and how many ReLUs were kept, after each interval. */
    course: z.array(z.object({ step: z.int(), kept: z.number(), penalty: z.number() })).optional(),
    validationAccuracy: accuracy,
    /** A descent's masks at each of its budgets, by variant; `full`, beside it, is the last. */
    variants: z.record(variantSchema, maskVariantSchema).optional(),
  }),
  z.object({
    kind: z.literal("distillation"),
    images: z.int(),
    reluCount: z.int(),
    polynomialUnits: z.int().optional(),
    validationAccuracy: accuracy,
    testAccuracy: accuracy,
    /** Mean share of each term in the loss over the last epoch. */
    lossShares: lossTermSharesSchema,
    /** ‖∇ term‖ over the sum of those norms, on the last batch after the last step; older results lack it. */
    gradientShares: lossTermSharesSchema.optional(),
    /** The narrower widths of the same weights, by variant. */
    variants: z.record(variantSchema, networkVariantSchema).optional(),
  }),
  z.object({
    kind: z.literal("private-inference"),
    /** Images inferred. */
    samples: z.int(),
    reluCount: z.int(),
    /** Shares of the samples that were classified right: privately, and by the network in the clear. */
    privateAccuracy: accuracy,
    plaintextAccuracy: accuracy,
    /** Share of the samples to which both gave the same class. */
    agreement: accuracy,
    /** Largest difference of a private logit from the plaintext's, and the mean of all. */
    logitError: z.object({ largest: z.number(), mean: z.number() }),
    cost: piCostSchema,
    machine: piMachineSchema,
  }),
]);
export type StageResult = z.infer<typeof stageResultSchema>;
export type ResultOf<K extends StageResult["kind"]> = Extract<StageResult, { kind: K }>;

/** Artifacts of a stage run by role. `weights`: safetensors; `masks`: safetensors of packed bits with the PR weights. */
export const artifactRoles = ["weights", "sensitivity", "masks", "checkpoint"] as const;
export const artifactRefSchema = z.object({
  role: z.enum(artifactRoles),
  variant: variantSchema,
  sha256: sha256Schema,
  bytes: z.int().min(0),
  mediaType: z.string(),
});
export type ArtifactRef = z.infer<typeof artifactRefSchema>;

/**
 * Names of a stage's inputs: `arModel` weights, `sensitivity` JSON, `student` PR weights and masks of a search, `prModel` those
 * of a distillation, `start` those that a search goes on from.
 */
export const inputNames = ["arModel", "sensitivity", "student", "prModel", "start"] as const;
export type InputName = (typeof inputNames)[number];
/** Which artifact role of the producing stage run each input takes. */
export const inputRole = {
  arModel: "weights",
  sensitivity: "sensitivity",
  student: "masks",
  prModel: "masks",
  start: "masks",
} as const satisfies Record<InputName, ArtifactRef["role"]>;
