import { budgetCount, type ExperimentSpec, type FieldError, type RecipeSettings } from "@reluctant/contracts";
import { allocationErrors, budgetBounds } from "./allocation-rule.ts";
import { type Expanded, expand, type PlannedStageRun, type PlannedTrial } from "./expand.ts";
import { type Method, methodNames, methods } from "./methods.ts";
import { modelNames, models } from "./models/catalog.ts";
import { type Model, reluCount } from "./models/model.ts";
import { recipeNames, recipes } from "./recipes.ts";
import { cropErrors, type DatasetFacts, descentErrors, lengthErrors } from "./stage-params.ts";

export type { DatasetFacts, PlannedStageRun, PlannedTrial };

export interface Plan extends Expanded {
  model: Model;
}

export type Planned = { ok: true; plan: Plan } | { ok: false; errors: FieldError[] };

/**
 * Expands a spec to its sweep. Pure and deterministic, so API, CLI and browser show the same plan.
 * Errors name the spec's field.
 */
export function plan(spec: ExperimentSpec, dataset: DatasetFacts): Planned {
  const planning = planInSteps(spec, dataset);
  for (;;) {
    const step = planning.next();
    if (step.done) return step.value;
  }
}

/** The same in steps, for whoever serves others meanwhile: 20,000 trials take a second, each step a millisecond at most. */
export function* planInSteps(spec: ExperimentSpec, dataset: DatasetFacts): Generator<undefined, Planned> {
  const recipe = recipes[spec.recipe];
  const family = models[spec.model];
  const errors: FieldError[] = [];
  if (!recipe) errors.push(unknown("recipe", spec.recipe, recipeNames));
  if (!family) errors.push(unknown("model", spec.model, modelNames));
  spec.methods.forEach((name, index) => {
    const method = methods[name];
    if (!method) errors.push(unknown(`methods[${index}]`, name, methodNames));
    else if (method.granularity && method.granularity !== spec.granularity)
      errors.push({ field: "granularity", message: `${name} knows ${method.granularity} alone` });
  });
  if (family && !family.sides.includes(dataset.inputShape[0])) {
    errors.push({
      field: "model",
      message: `${spec.model} takes images of side ${family.sides.join(" or ")}, the dataset's have ${dataset.inputShape[0]}`,
    });
  }
  if (!recipe || !family || errors.length > 0) return { ok: false, errors };

  const model = family.build(dataset.inputShape, dataset.classes);
  const settings = withOverrides(recipe, spec.settings);
  const allocation = allocationErrors(settings.maskSearch, model);
  if (allocation.length > 0) return { ok: false, errors: allocation };
  const budgets = resolveBudgets(spec, model, settings, errors);
  errors.push(...lengthErrors(settings, dataset.trainSize), ...cropErrors(settings));
  const methodsOfSpec = spec.methods.map((name) => {
    const method = methods[name] as Method;
    return { name, method, settings: withOverrides(withOverrides(recipe, method.defaults), spec.settings) };
  });
  for (const { method, settings } of methodsOfSpec)
    errors.push(...descentErrors({ spec, settings, dataset, budgets, method }));
  if (errors.length > 0) return { ok: false, errors };
  const expanded = yield* expand({ spec, dataset, model, budgets, methods: methodsOfSpec });
  return { ok: true, plan: { model, ...expanded } };
}

function resolveBudgets(
  spec: ExperimentSpec,
  model: Model,
  settings: RecipeSettings,
  errors: FieldError[],
): (number | null)[] {
  if (!spec.budgets) return [null];
  const total = reluCount(model);
  const [least, most] = budgetBounds(settings.maskSearch, model);
  const counts = spec.budgets.map((budget, index) => {
    const count = budgetCount(budget, total);
    if (count < least || count > most) {
      const allowed =
        settings.maskSearch.allocation === "manual"
          ? `the allocation list keeps ${most}: give that as the budget`
          : `${spec.model} can keep from ${least} to ${most}`;
      errors.push({ field: `budgets[${index}]`, message: `is ${count} ReLUs; ${allowed}` });
    }
    return count;
  });
  return [...new Set(counts)];
}

function withOverrides(recipe: RecipeSettings, overrides: ExperimentSpec["settings"]): RecipeSettings {
  return {
    train: { ...recipe.train, ...overrides?.train },
    sensitivity: { ...recipe.sensitivity, ...overrides?.sensitivity },
    maskSearch: { ...recipe.maskSearch, ...overrides?.maskSearch },
    descent: { ...recipe.descent, ...overrides?.descent },
    deepreduce: { ...recipe.deepreduce, ...overrides?.deepreduce },
    slimmable: { ...recipe.slimmable, ...overrides?.slimmable },
    layerRemoval: { ...recipe.layerRemoval, ...overrides?.layerRemoval },
    distillation: { ...recipe.distillation, ...overrides?.distillation },
    snl: { ...recipe.snl, ...overrides?.snl },
    autorep: { ...recipe.autorep, ...overrides?.autorep },
    delphi: { ...recipe.delphi, ...overrides?.delphi },
  };
}

const unknown = (field: string, given: string, known: readonly string[]): FieldError => ({
  field,
  message: `"${given}" is not known; choose one of ${known.join(", ")}`,
});
