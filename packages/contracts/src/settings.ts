import { z } from "zod";

/** How long a stage trains: passes over the training split, or images seen (for recipes shorter than a pass). */
export const lengthSchema = z.union([
  z.strictObject({ epochs: z.number().positive().max(10_000) }),
  z.strictObject({ images: z.int().positive().max(1e10) }),
]);
export type Length = z.infer<typeof lengthSchema>;

const rate = z.number().positive().max(100);
const share = z.number().min(0).max(1);

/** Torch's SGD: no dampening, no Nesterov, weight decay on every parameter (PAPER §7). */
const sgd = {
  length: lengthSchema,
  batchSize: z.int().min(1).max(65_536),
  learningRate: rate,
  /** Fractions of the run at whose step the rate is multiplied by `decayFactor`. */
  decayAt: z.array(share).max(16),
  decayFactor: z.number().positive().max(1),
  /** Linear warm-up from 0 over this share of the steps. */
  warmup: share,
  momentum: z.number().min(0).max(0.9999),
  weightDecay: z.number().min(0).max(1),
  /** Random crop after padding by `cropPadding` pixels, and horizontal flip. */
  cropPadding: z.int().min(0).max(64),
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
  /** Which units are worth keeping: `paper` Σ|A_AR − A_PR|, `linearization-cost` Σmax(−z, 0), `random` (no search). */
  score: z.enum(["paper", "linearization-cost", "random"]),
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
});
export type SettingsOverride = z.infer<typeof settingsOverrideSchema>;
