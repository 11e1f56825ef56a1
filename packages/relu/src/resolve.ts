import { budgetCount, type ExperimentSpec, type FieldError, type SettingsOverride } from "@reluctant/contracts";
import { allocationErrors, budgetBounds } from "./allocation-rule.ts";
import type { DatasetFacts, Definition, Method, MethodSweep, OwnSettings, Registry, Settings } from "./definition.ts";
import { modelNames, models } from "./models/catalog.ts";
import { type Model, reluCount } from "./models/model.ts";
import { type Recipe, recipeNames, recipes, type Scale } from "./recipes.ts";
import { stepsOf } from "./steps.ts";

/** A method of a sweep, by the name that the spec calls it. */
export interface NamedSweep extends MethodSweep {
  name: string;
}

export type Resolved =
  | { ok: true; model: Model; sweeps: NamedSweep[] }
  /** All that could be told at once. */
  | { ok: false; errors: FieldError[] };

/**
 * A spec with everything decided that it leaves to recipe, method and budget notation: for each of its methods what its
 * trials have in common. Errors name the spec's field.
 */
export function resolve(spec: ExperimentSpec, dataset: DatasetFacts, registry: Registry): Resolved {
  const recipe = recipes[spec.recipe];
  const model = modelOf(spec, dataset);
  const errors = nameErrors(spec, dataset, registry);
  if (!recipe) return { ok: false, errors };

  const settings = settingsOf(recipe, registry, spec.settings);
  errors.push(...lengthErrors(settings, dataset.trainSize), ...cropErrors(settings), ...microBatchErrors(settings));
  if (!model) return { ok: false, errors };

  const budgets = resolveBudgets(spec, model, settings);
  errors.push(...budgets.errors);
  const sweeps = spec.methods.flatMap((name): NamedSweep[] => {
    const method = registry.methods[name];
    if (!method) return [];
    const own = settingsOf(recipe, registry, method.defaults, spec.settings, method.fixed);
    return [{ name, spec, dataset, model, method, settings: own, budgets: budgets.counts }];
  });
  errors.push(
    ...sweeps.flatMap((sweep) =>
      [...stagesOf(sweep.method, registry), ...measuringStage(spec, registry)].flatMap(
        (one) => one.errors?.(sweep) ?? [],
      ),
    ),
  );
  return errors.length > 0 ? { ok: false, errors } : { ok: true, model, sweeps };
}

/** The definitions of a method's stages, in its order. */
export const stagesOf = (method: Method, registry: Pick<Registry, "implementations">): Definition[] =>
  method.stages.map((name) => definitionOf(name, registry));

/** The stage that measures what was distilled, if the spec asks for it. */
export const measuringStage = ({ pi }: ExperimentSpec, registry: Pick<Registry, "implementations">): Definition[] =>
  pi ? [definitionOf(`private-inference/${pi.system}`, registry)] : [];

function definitionOf(name: string, { implementations }: Pick<Registry, "implementations">): Definition {
  const definition = implementations[name];
  if (!definition) throw new Error(`${name} is to be planned, of which there is no definition`);
  return definition;
}

/** Whether a stage can begin at given masks. */
export const goesOn = ({ reads }: Definition): boolean => reads.includes("start");

/** An implementation's own settings in recipes of a scale. */
export const ownSettingsAt = (
  { paper, short, debug }: OwnSettings,
  scale: Scale,
): Readonly<Record<string, unknown>> => ({
  ...paper,
  ...(scale !== "paper" && short),
  ...(scale === "debug" && debug),
});

type Override = { readonly [group: string]: Readonly<Record<string, unknown>> | undefined };

function settingsOf(
  recipe: Recipe,
  { implementations }: Registry,
  ...overrides: (Override | SettingsOverride | undefined)[]
): Settings {
  const { train, sensitivity, maskSearch, distillation } = recipe;
  const own = Object.values(implementations).flatMap(({ settings }) =>
    settings ? [[settings.group, ownSettingsAt(settings, recipe.scale)] as const] : [],
  );
  const groups = { train, sensitivity, maskSearch, distillation, ...Object.fromEntries(own) };
  const changed = Object.entries(groups).map(([group, values]) => [
    group,
    Object.assign({}, values, ...overrides.map((override) => override?.[group])),
  ]);
  return Object.fromEntries(changed) as Settings;
}

/** One for each data set's shape and classes, so that what is worked out of a model is worked out once. */
const built = new Map<string, Model>();

function modelOf(spec: ExperimentSpec, { inputShape, classes }: DatasetFacts): Model | undefined {
  const family = models[spec.model];
  if (!family?.sides.includes(inputShape[0])) return undefined;
  const key = [spec.model, ...inputShape, classes].join(" ");
  const model = built.get(key) ?? family.build(inputShape, classes);
  built.set(key, model);
  return model;
}

function nameErrors(spec: ExperimentSpec, { inputShape }: DatasetFacts, registry: Registry): FieldError[] {
  const errors: FieldError[] = [];
  const family = models[spec.model];
  if (!recipes[spec.recipe]) errors.push(unknown("recipe", spec.recipe, recipeNames));
  if (!family) errors.push(unknown("model", spec.model, modelNames));
  for (const [index, name] of spec.methods.entries()) {
    const method = registry.methods[name];
    if (!method) errors.push(unknown(`methods[${index}]`, name, sweptMethods(registry)));
    if (method?.evaluates && spec.methods.length * spec.seeds.length > 1)
      errors.push({
        field: `methods[${index}]`,
        message: `${name} searches nothing: it tells what one network reaches, by itself and with one seed, as reluctant import asks for`,
      });
    if (method && spec.startMasks && !stagesOf(method, registry).some(goesOn))
      errors.push({
        field: `methods[${index}]`,
        message: `${name} begins at all ReLUs; of ${startingMethods(registry).join(", ")} alone startMasks are the start`,
      });
    for (const { granularity } of method ? stagesOf(method, registry) : [])
      if (granularity && granularity !== spec.granularity)
        errors.push({ field: "granularity", message: `${name} knows ${granularity} alone` });
  }
  if (family && !family.sides.includes(inputShape[0]))
    errors.push({
      field: "model",
      message: `${spec.model} takes images of side ${family.sides.join(" or ")}, the dataset's have ${inputShape[0]}`,
    });
  return errors;
}

const sweptMethods = ({ methods }: Registry): string[] =>
  Object.keys(methods).filter((name) => !methods[name]?.evaluates);

const startingMethods = (registry: Registry): string[] =>
  Object.keys(registry.methods).filter((name) => stagesOf(registry.methods[name] as Method, registry).some(goesOn));

const unknown = (field: string, given: string, known: readonly string[]): FieldError => ({
  field,
  message: `"${given}" is not known; choose one of ${known.join(", ")}`,
});

/** Budgets as counts, each once. An allocation that does not fit the network says nothing of them. */
function resolveBudgets(
  spec: ExperimentSpec,
  model: Model,
  { maskSearch }: Settings,
): { counts: (number | null)[]; errors: FieldError[] } {
  const errors = allocationErrors(maskSearch, model);
  if (!spec.budgets) return { counts: [null], errors };
  const total = reluCount(model);
  const counts = spec.budgets.map((budget) => budgetCount(budget, total));
  if (errors.length === 0) {
    const [least, most] = budgetBounds(maskSearch, model);
    const allowed =
      maskSearch.allocation === "manual"
        ? `the allocation list keeps ${most}: give that as the budget`
        : `${spec.model} can keep from ${least} to ${most}`;
    counts.forEach((count, index) => {
      if (count < least || count > most)
        errors.push({ field: `budgets[${index}]`, message: `is ${count} ReLUs; ${allowed}` });
    });
  }
  return { counts: [...new Set(counts)], errors };
}

/** Stages whose settings give no step. */
function lengthErrors(settings: Settings, trainSize: number): FieldError[] {
  const { train, sensitivity, maskSearch, distillation } = settings;
  return Object.entries({ train, sensitivity, maskSearch, distillation }).flatMap(([stage, { batchSize, length }]) => {
    if (batchSize > trainSize) {
      return [
        { field: `settings.${stage}.batchSize`, message: `${batchSize} exceeds the ${trainSize} training images` },
      ];
    }
    const steps = stepsOf({ batchSize, length }, trainSize);
    return steps < 1 ? [{ field: `settings.${stage}.length`, message: `gives no full batch of ${batchSize}` }] : [];
  });
}

/** Stages that ask for two ways of cropping. */
function cropErrors(settings: Settings): FieldError[] {
  const { train, sensitivity, maskSearch, distillation } = settings;
  return Object.entries({ train, sensitivity, maskSearch, distillation })
    .filter(([, { crop, cropPadding }]) => crop === "resized" && cropPadding > 0)
    .map(([stage, { cropPadding }]) => ({
      field: `settings.${stage}.cropPadding`,
      message: `is ${cropPadding}; it must be 0 where crop is "resized"`,
    }));
}

/** Stages whose batches cannot be divided as they ask. */
function microBatchErrors(settings: Settings): FieldError[] {
  const { train, sensitivity, maskSearch, distillation } = settings;
  return Object.entries({ train, sensitivity, maskSearch, distillation })
    .filter(([, { batchSize, microBatch }]) => microBatch !== undefined && batchSize % microBatch !== 0)
    .map(([stage, { batchSize, microBatch }]) => ({
      field: `settings.${stage}.microBatch`,
      message: `is ${microBatch}; it must divide the batchSize of ${batchSize}`,
    }));
}
