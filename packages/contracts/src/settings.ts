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
  /**
   * Images that are on the device at once, where a batch does not fit it; divides `batchSize`. The gradients of a batch's
   * parts are summed, so that it still takes one step; but batch norm sees each part alone: it normalizes by the part's
   * own mean and variance, and its running statistics move once a part. So this changes numbers, and is part of the stage
   * key where it is given. Nothing chooses it by itself. Default: the whole batch.
   */
  microBatch: z.int().min(1).max(65_536).optional(),
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

export type TrainSettings = z.infer<typeof trainSettingsSchema>;
export type SensitivitySettings = z.infer<typeof sensitivitySettingsSchema>;
export type MaskSearchSettings = z.infer<typeof maskSearchSettingsSchema>;
export type DistillationSettings = z.infer<typeof distillationSettingsSchema>;

/** The settings of each kind of stage, whichever implementation runs it. Some implementations have a group of their own beside. */
export interface KindSettings {
  train: TrainSettings;
  sensitivity: SensitivitySettings;
  maskSearch: MaskSearchSettings;
  distillation: DistillationSettings;
}

/** What a spec may change of a recipe: any single value of any group. */
export type SettingsOverride = { [Kind in keyof KindSettings]?: Partial<KindSettings[Kind]> } & {
  [group: string]: Record<string, unknown> | undefined;
};

export type SettingsOverrideSchema = z.ZodType<SettingsOverride, SettingsOverride>;

/** The schema of a `SettingsOverride`, with the groups that implementations have of their own. */
export const settingsOverrideSchemaOf = (ownGroups: Readonly<Record<string, z.ZodObject>>): SettingsOverrideSchema =>
  z.strictObject({
    train: trainSettingsSchema.partial().optional(),
    sensitivity: sensitivitySettingsSchema.partial().optional(),
    maskSearch: maskSearchSettingsSchema.partial().optional(),
    distillation: distillationSettingsSchema.partial().optional(),
    ...Object.fromEntries(Object.entries(ownGroups).map(([group, schema]) => [group, schema.partial().optional()])),
  }) as unknown as SettingsOverrideSchema; // an index by any string: the groups' names are known only to those who call
