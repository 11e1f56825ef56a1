import { z } from "zod";
import { budgetSchema } from "./budget.ts";
import { nameSchema, poolSchema, seedSchema, sha256Schema } from "./primitives.ts";
import { seedsSchema } from "./seeds.ts";
import type { SettingsOverrideSchema } from "./settings.ts";
import { slotResourcesSchema } from "./slot-resources.ts";
import {
  granularities,
  linearProtocols,
  networkProfileNames,
  piSystems,
  precisions,
  priorities,
  reluProtocols,
} from "./words.ts";

/** A list, or one item in its place. A pipe rather than a union, so that an error names the item and its own fault. */
const oneOrMany = <T extends z.ZodType>(item: T, max: number, what: string) =>
  z
    .transform((value: z.input<T> | z.input<T>[]): z.input<T>[] => (Array.isArray(value) ? value : [value]))
    .pipe(z.array(item).min(1, `name at least one ${what}`).max(max));

/** Trials that one spec may expand to. 20,000 are planned in two seconds and written in some ten. */
export const maxTrials = 20_000;

const format = (count: number): string => count.toLocaleString("en-US");

/** What of private inference is to be measured: `protocols` × `profiles` × `repeats` stage runs for each distilled network. */
export const piSchema = z.strictObject({
  system: z.enum(piSystems).default("delphi"),
  /** Those of the spec's budgets whose networks are measured; all unless named. */
  budgets: oneOrMany(budgetSchema, 1_000, "budget").optional(),
  /** Test images that each measurement infers, one inference after another. */
  samples: z.int().min(1).max(1_000).default(5),
  /** Images of one inference, which share its rounds; `samples` are a multiple of them. */
  batch: z.int().min(1).max(64).default(1),
  /** How ReLUs are computed, a measurement of each; the system's own unless named. */
  protocols: oneOrMany(z.enum(reluProtocols), reluProtocols.length, "protocol").optional(),
  /** What gives the correlations of linear layers; the system's own unless named. */
  linear: z.enum(linearProtocols).optional(),
  profiles: oneOrMany(z.enum(networkProfileNames), networkProfileNames.length, "network profile").default(["lan"]),
  /** Threads of each party, which work on circuits, on the random transfers of GMW and squares, and on convolutions. */
  threads: z.int().min(1).max(64).default(1),
  /** Measurements of the same thing, whose spread tells how far to trust them. */
  repeats: z.int().min(1).max(20).default(1),
});
export type PiSpec = z.output<typeof piSchema>;

/** The same of one network that there is. */
export const pointMeasurementSchema = piSchema.omit({ budgets: true }).extend({
  /** One measurement more than there is of each, whatever `repeats` says. */
  remeasure: z.boolean().default(false),
});
export type PointMeasurementInput = z.input<typeof pointMeasurementSchema>;
export type PointMeasurement = z.output<typeof pointMeasurementSchema>;

const fieldsWith = (settings: SettingsOverrideSchema) => ({
  name: nameSchema,
  /** Dataset name, or `name@` and the first 8 or more digits of a version. */
  dataset: nameSchema,
  model: nameSchema,
  recipe: z.string().min(1).max(100),
  methods: oneOrMany(z.string().min(1).max(100), 16, "method").default(["senet"]),
  budgets: oneOrMany(budgetSchema, 1_000, "budget").optional(),
  granularity: z.enum(granularities).default("pixel"),
  seeds: seedsSchema.default([1]),
  /** One seed for the AR model and the sensitivity of all trials; each seed has its own otherwise. */
  arSeed: seedSchema.optional(),
  arModel: sha256Schema.optional(),
  sensitivity: sha256Schema.optional(),
  masks: sha256Schema.optional(),
  /** A partial-ReLU network whose ReLUs a search goes on removing, instead of from all of them. */
  startMasks: sha256Schema.optional(),
  until: z.enum(["train", "sensitivity", "mask-search", "distillation"]).default("distillation"),
  precision: z.enum(precisions).default("fp32"),
  pool: poolSchema.default("default"),
  /** What the slots must have. Never hashed into a stage key. */
  resources: slotResourcesSchema.optional(),
  priority: z.enum(priorities).default("normal"),
  /** Measures private inference of every distilled network. */
  pi: piSchema.optional(),
  settings: settings.optional(),
});
const anySpecSchemaOf = (settings: SettingsOverrideSchema) => z.strictObject(fieldsWith(settings));

/**
 * What a user submits: a question about one dataset and model, expanded to the sweep methods × budgets × seeds.
 *
 * Single stages are asked for by stopping early (`until: sensitivity`) and by giving inputs: `arModel` skips training,
 * `sensitivity` skips the sensitivity run, `masks` (the artifact of a mask search) leaves only distillation. The method
 * `imported` evaluates what is given as it is: `arModel` with `until: train`, or `masks`. A search that only removes goes on
 * from the partial-ReLU network that `startMasks` names, an import or any `masks` artifact, down to smaller budgets. `pi` measures
 * private inference of what was distilled.
 *
 * @param settings with the groups of the implementations that there are
 */
export const experimentSpecSchemaOf = (settings: SettingsOverrideSchema) =>
  anySpecSchemaOf(settings)
    .superRefine(fitTogether)
    .superRefine(startFits)
    .superRefine(fitTheLimit)
    .superRefine(measureWithinTheLimit)
    .meta({
      description: `Methods × budgets × seeds make at most ${format(maxTrials)} trials.`,
      // The same as JSON Schema says it.
      allOf: [
        {
          anyOf: [
            { properties: { until: { enum: ["train", "sensitivity"] }, budgets: false }, required: ["until"] },
            { properties: { until: { enum: ["mask-search", "distillation"] } }, required: ["budgets"] },
            { properties: { until: { enum: ["mask-search", "distillation"] } }, required: ["masks"] },
          ],
        },
        {
          anyOf: [{ properties: { masks: false } }, { properties: { budgets: false }, required: ["masks", "arModel"] }],
        },
        {
          anyOf: [
            { properties: { startMasks: false } },
            {
              properties: { masks: false, until: { enum: ["mask-search", "distillation"] } },
              required: ["startMasks"],
            },
          ],
        },
      ],
      examples: [
        { name: "a sweep", dataset: "glyphs", model: "resnet8", recipe: "debug", budgets: ["10%"] },
        {
          name: "two budgets",
          dataset: "glyphs",
          model: "resnet8",
          recipe: "debug",
          budgets: ["5%", 1000],
          seeds: [1, 2],
        },
        { name: "a teacher", dataset: "glyphs", model: "resnet8", recipe: "debug", until: "train", seeds: [1] },
      ],
    });

/** A spec as it may stand in the store: of any size, and with one seed written as a number, as was allowed once. */
export const storedSpecSchemaOf = (settings: SettingsOverrideSchema) =>
  z
    .strictObject({
      ...fieldsWith(settings),
      seeds: z.union([seedSchema.transform((seed) => [seed]), seedsSchema]).default([1]),
    })
    .superRefine(fitTogether)
    .superRefine(startFits);

type Fields = z.output<ReturnType<typeof anySpecSchemaOf>>;

function fitTogether(spec: Fields, ctx: z.RefinementCtx): void {
  const needsBudget = spec.until === "mask-search" || spec.until === "distillation";
  if (needsBudget && !spec.budgets && !spec.masks) {
    ctx.addIssue({
      code: "custom",
      path: ["budgets"],
      message: `name at least one budget, such as "10%" or "50k", or stop early with until: sensitivity`,
    });
  }
  if (!needsBudget && spec.budgets) {
    ctx.addIssue({
      code: "custom",
      path: ["budgets"],
      message: `budgets have no effect with until: ${spec.until}; leave them out`,
    });
  }
  if (spec.masks && !spec.arModel) {
    ctx.addIssue({
      code: "custom",
      path: ["arModel"],
      message: "masks needs the arModel they were searched for, as the distillation's teacher",
    });
  }
  if (spec.pi && spec.until !== "distillation") {
    ctx.addIssue({
      code: "custom",
      path: ["pi"],
      message: `measures distilled networks, of which until: ${spec.until} makes none; leave one of them out`,
    });
  }
  if (spec.masks && spec.budgets) {
    ctx.addIssue({ code: "custom", path: ["budgets"], message: "masks fix the ReLU count; leave budgets out" });
  }
}

function startFits(spec: Fields, ctx: z.RefinementCtx): void {
  if (!spec.startMasks) return;
  const issue = (message: string) => ctx.addIssue({ code: "custom", path: ["startMasks"], message });
  if (spec.masks) issue("masks leave no search that could go on from startMasks; name one of the two");
  if (spec.until === "train" || spec.until === "sensitivity")
    issue(`is where a mask search begins, and until: ${spec.until} ends before one; leave it out`);
}

function fitTheLimit({ methods, budgets, seeds }: Fields, ctx: z.RefinementCtx): void {
  const sizes = Object.entries({ methods, budgets, seeds }).flatMap(([field, list]) =>
    list && list.length > 1 ? [{ field, size: list.length }] : [],
  );
  const trials = sizes.reduce((product, { size }) => product * size, 1);
  if (trials <= maxTrials) return;
  const product = sizes.map(({ field, size }) => `${format(size)} ${field}`).join(" × ");
  const message = `${product} make ${format(trials)} trials; a spec may have at most ${format(maxTrials)}`;
  for (const { field } of sizes) ctx.addIssue({ code: "custom", path: [field], message });
}

/** `pi` multiplies the trials: all of its measurements together may be as many as trials. */
function measureWithinTheLimit({ methods, budgets, seeds, pi }: Fields, ctx: z.RefinementCtx): void {
  if (!pi) return;
  const { protocols = [], profiles, repeats } = pi;
  const lists = Object.entries({ methods, budgets: pi.budgets ?? budgets, seeds, protocols, profiles });
  const sizes = [
    ...lists.map(([field, list]) => ({ field, size: list?.length || 1 })),
    { field: "repeats", size: repeats },
  ];
  const measurements = sizes.reduce((product, { size }) => product * size, 1);
  if (measurements <= maxTrials) return;
  const product = sizes.flatMap(({ field, size }) => (size > 1 ? [`${format(size)} ${field}`] : [])).join(" × ");
  const message = `${product} make ${format(measurements)} measurements; a spec may have at most ${format(maxTrials)}`;
  ctx.addIssue({ code: "custom", path: ["pi"], message });
}

export type ExperimentSpec = z.output<ReturnType<typeof experimentSpecSchemaOf>>;
export type ExperimentSpecInput = z.input<ReturnType<typeof experimentSpecSchemaOf>>;
