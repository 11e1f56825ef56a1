import { z } from "zod";

/** How long a stage trains: passes over the training split, or images seen (for recipes shorter than a pass). */
export const lengthSchema = z.union([
  z.strictObject({ epochs: z.number().positive().max(10_000) }),
  z.strictObject({ images: z.int().positive().max(1e10) }),
]);
export type Length = z.infer<typeof lengthSchema>;

const rate = z.number().positive().max(100);
const share = z.number().min(0).max(1);

/** Torch's SGD: no dampening, no Nesterov, weight decay on every parameter (method.md §7). */
const sgd = {
  length: lengthSchema,
  batchSize: z.int().min(1).max(65_536),
  learningRate: rate,
  /** Fractions of the run at whose step the rate is multiplied by `decayFactor`. */
  decayAt: z.array(share).max(16),
  decayFactor: z.number().positive().max(1),
  /** How the rate falls: by `decayFactor` at `decayAt` unless this says that it follows a cosine to 0. */
  decay: z.literal("cosine").optional(),
  /** Linear warm-up from 0 over this share of the steps. */
  warmup: share,
  momentum: z.number().min(0).max(0.9999),
  weightDecay: z.number().min(0).max(1),
  /** Random crop after padding by `cropPadding` pixels, and horizontal flip. */
  cropPadding: z.int().min(0).max(64),
  /**
   * How a training image comes to its size: as the data set has it, then by that padded crop, unless this says that it is a
   * random part of the original (torchvision's RandomResizedCrop). Takes a streamed data set, and no padding.
   */
  crop: z.enum(["pad", "resized"]).optional(),
  flip: z.boolean(),
};

export const trainSettingsSchema = z.strictObject(sgd);

export const sensitivitySettingsSchema = z.strictObject({
  ...sgd,
  /** Global proxy density d of the sparse training run (§3.1 of the paper; 0.1 from memory, so a setting). */
  density: z.number().gt(0).lt(1),
  /** Steps between two prune–redistribute–regrow rounds. */
  pruneEvery: z.int().min(1).max(1_000_000),
  /** Share of each layer's non-zeros removed at the first round, decaying by cosine to about 0. */
  pruneRate: z.number().gt(0).lt(1),
});

export const maskSearchSettingsSchema = z.strictObject({
  ...sgd,
  /** Training images between two mask updates. */
  interval: lengthSchema,
  /**
   * Which units are worth keeping: `paper` Σ|A_AR − A_PR|, `linearization-cost` Σmax(−z, 0), `taylor` Σ|∂L/∂a · min(z, 0)|,
   * `random` (no search).
   */
  score: z.enum(["paper", "linearization-cost", "taylor", "random"]),
  /** Stop early when units exchanged / Σ r_l falls below this. 0 never stops early. */
  stopDistance: share,
  temperature: z.number().positive().max(100),
  /** Weight of the KL term; cross-entropy gets the rest (0.5 in the code line). */
  distillWeight: share,
  /**
   * How the budget is spread over the layers: in proportion to measured `sensitivity` or to the one published for the
   * model (`paper`), the same share everywhere (`uniform`), or as `allocationList` says (`manual`).
   */
  allocation: z.enum(["sensitivity", "uniform", "paper", "manual"]),
  /** ReLUs that each layer keeps, in the network's order; sums to the budget. For `manual` alone. */
  allocationList: z.array(z.int().min(0).max(1e9)).min(1).max(1_000).optional(),
  /** Smallest share of each layer's units that the allocation keeps. */
  allocationFloor: share,
});

/** How a descent falls from all ReLUs through its budgets. `continuation` alone reads it. */
export const descentSettingsSchema = z.strictObject({
  /** Removals before each budget, in equal ratios; training goes on between them. */
  removals: z.int().min(1).max(1_000),
  /**
   * Which units compete: those of a `layer`, which keeps what the allocation gives it, or those of the whole `network`,
   * by scores in means of their layer, which then keeps no less than `allocationFloor`.
   */
  ranking: z.enum(["layer", "network"]),
  /** β of the activation mismatch (`attention`) in the descent's loss; 0 leaves it out, as the paper's search does. */
  pramWeight: z.number().min(0).max(1e7),
  /** Weight at which the scores of before a removal count on after it: 0 forgets them, near 1 averages long. */
  scoreMemory: z.number().min(0).lt(1),
});
export type DescentSettings = z.infer<typeof descentSettingsSchema>;

/** `deepreduce` alone reads it. */
export const deepReduceSettingsSchema = z.strictObject({
  /** Criticality is the accuracy that a stage's ReLUs gain over their number to this power (0.07 from memory). */
  criticalityExponent: z.number().min(0).max(2),
});

/** `layerwise-removal` alone reads it. */
export const layerRemovalSettingsSchema = z.strictObject({
  /** Validation images that tell how much a layer would be missed; every layer is asked before every removal. */
  probeImages: z.int().min(1).max(1e9),
});

export const distillationSettingsSchema = z.strictObject({
  ...sgd,
  /** λ: weight of the KL term; cross-entropy gets 1 − λ. */
  distillWeight: share,
  /** ρ */
  temperature: z.number().positive().max(100),
  /** Post-ReLU activation mismatch; `attention` is the code line's form, `raw` the paper's. */
  pram: z.enum(["attention", "raw", "off"]),
  /** β */
  pramWeight: z.number().min(0).max(1e7),
  /** Gradients longer than this are scaled down to it; networks with polynomials need it. */
  clipNorm: z.number().positive().max(1e6).optional(),
});

/** `senet++` alone reads it. */
export const slimmableSettingsSchema = z.strictObject({
  /** Shares of every convolution's channels, beside the full width, that the same weights serve (d_r of the paper). */
  widths: z
    .array(
      z
        .number()
        .min(1 / 16)
        .lt(1),
    )
    .min(1)
    .max(8),
});

/** Adam, for the weights and for what activations learn (method.md §9). */
const adam = {
  /** Rate for both, 1e-3. */
  learningRate: rate,
  /**
   * Adam moves a value by about its rate a step whatever its gradient, so in short runs slopes and scores, which have 1 to
   * go, would never arrive: there their rate is higher, so that rate × steps is at least this. The published lengths give
   * 58, so they keep the published rate.
   */
  leastTravel: z.number().min(0).max(1e6),
};

/** SNL (method.md §9), within a mask search's length, batches and temperature: slopes c under α‖c‖₁. */
export const snlSettingsSchema = z.strictObject({
  ...adam,
  /** α at the start, 1e-5. */
  penalty: z.number().positive().max(1e6),
  /** How often over the run the slopes are counted and α may grow: 150, which for the published length is once an epoch. */
  counts: z.int().min(1).max(1_000_000),
  /** α grows by this factor after each count that was not lower than every one before, 1.1. */
  penaltyGrowth: z.number().min(1).max(100),
  /** Counts before α may grow, 5. */
  patience: z.int().min(0).max(10_000),
  /**
   * Where given, ‖c‖₁ decides in the count's place: α grows while it lies above the straight line from all ReLUs to none
   * at this share of the steps, so that a run of fixed length comes to its budget.
   */
  landBy: z.number().gt(0).max(1).optional(),
  /** A unit counts as kept while c exceeds this, 0.01. */
  threshold: z.number().min(0).lt(1),
  /** Once the count is within the budget, keep the units above the `threshold`, or `exact`ly the budget's largest c. */
  landing: z.enum(["threshold", "exact"]),
});

/** AutoReP (method.md §9), within a mask search's length, batches and temperature; its rates follow a cosine to 0. */
export const autorepSettingsSchema = z.strictObject({
  ...adam,
  /** λ of λ·relu(density − target), 80 to 240. */
  densityWeight: z.number().positive().max(1e6),
  /** A unit's ReLU is dropped once its score is below −hysteresis, and comes back once it is above it: 0.003. */
  hysteresis: z.number().min(0).max(1),
});

/**
 * DELPHI's planner (method.md §9) by greedy removal: whole layers, in the order of the least loss of validation accuracy.
 */
export const delphiSettingsSchema = z.strictObject({
  /** Share of the steps within which the layers are swapped one after another, ReLU mixed linearly into the quadratic. */
  swapShare: z.number().gt(0).max(1),
  /** Gradients longer than this are scaled down to it, 2. */
  clipNorm: z.number().positive().max(1e6),
  /** Images of the validation split that every candidate is measured on. */
  planImages: z.int().min(1).max(1e9),
});

export type SnlSettings = z.infer<typeof snlSettingsSchema>;
export type AutorepSettings = z.infer<typeof autorepSettingsSchema>;
export type DelphiSettings = z.infer<typeof delphiSettingsSchema>;
export type TrainSettings = z.infer<typeof trainSettingsSchema>;
export type SensitivitySettings = z.infer<typeof sensitivitySettingsSchema>;
export type MaskSearchSettings = z.infer<typeof maskSearchSettingsSchema>;
export type DistillationSettings = z.infer<typeof distillationSettingsSchema>;

/** Everything a recipe settles; a spec's `settings` may change any single value of it. */
export const recipeSettingsSchema = z.strictObject({
  train: trainSettingsSchema,
  sensitivity: sensitivitySettingsSchema,
  maskSearch: maskSearchSettingsSchema,
  descent: descentSettingsSchema,
  deepreduce: deepReduceSettingsSchema,
  layerRemoval: layerRemovalSettingsSchema,
  distillation: distillationSettingsSchema,
  slimmable: slimmableSettingsSchema,
  snl: snlSettingsSchema,
  autorep: autorepSettingsSchema,
  delphi: delphiSettingsSchema,
});
export type RecipeSettings = z.infer<typeof recipeSettingsSchema>;

export const settingsOverrideSchema = z.strictObject({
  train: trainSettingsSchema.partial().optional(),
  sensitivity: sensitivitySettingsSchema.partial().optional(),
  maskSearch: maskSearchSettingsSchema.partial().optional(),
  descent: descentSettingsSchema.partial().optional(),
  deepreduce: deepReduceSettingsSchema.partial().optional(),
  layerRemoval: layerRemovalSettingsSchema.partial().optional(),
  distillation: distillationSettingsSchema.partial().optional(),
  slimmable: slimmableSettingsSchema.partial().optional(),
  snl: snlSettingsSchema.partial().optional(),
  autorep: autorepSettingsSchema.partial().optional(),
  delphi: delphiSettingsSchema.partial().optional(),
});
export type SettingsOverride = z.infer<typeof settingsOverrideSchema>;
