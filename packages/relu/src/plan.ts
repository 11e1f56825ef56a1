import {
  budgetCount,
  type ExperimentSpec,
  type FieldError,
  type Precision,
  type RecipeSettings,
  type StageKind,
  type StageParams,
} from "@reluctant/contracts";
import { allocationErrors, budgetBounds, readsSensitivity } from "./allocation-rule.ts";
import { type Implementation, implementations } from "./implementations.ts";
import { type Method, methodNames, methods } from "./methods.ts";
import { modelNames, models } from "./models/catalog.ts";
import { type Model, reluCount } from "./models/model.ts";
import { recipeNames, recipes } from "./recipes.ts";
import { type PlannedInput, stageKey } from "./stage-key.ts";
import {
  cropErrors,
  type DatasetFacts,
  descentErrors,
  lengthErrors,
  paramsOf,
  type TrialContext,
} from "./stage-params.ts";

export type { DatasetFacts };

export interface PlannedStageRun {
  stageKey: string;
  kind: StageKind;
  implementation: Implementation;
  version: number;
  params: StageParams;
  precision: Precision;
  seed: number;
  datasetVersion: string;
  inputs: Record<string, PlannedInput>;
}

export interface PlannedTrial {
  method: string;
  /** Null for trials that stop before a budget matters, or whose masks were given. */
  budget: number | null;
  seed: number;
  /** Stage keys of all its stages, in order. */
  stageKeys: string[];
}

export interface Plan {
  model: Model;
  trials: PlannedTrial[];
  /** Each once, inputs before those that read them. */
  stageRuns: PlannedStageRun[];
}

export type Planned = { ok: true; plan: Plan } | { ok: false; errors: FieldError[] };

/**
 * Expands a spec to its sweep. Pure and deterministic, so API, CLI and browser show the same plan.
 * Errors name the spec's field.
 */
export function plan(spec: ExperimentSpec, dataset: DatasetFacts): Planned {
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
  const sweep = spec.methods.map((name) => {
    const method = methods[name] as Method;
    return { name, method, settings: withOverrides(withOverrides(recipe, method.defaults), spec.settings) };
  });
  for (const { method, settings } of sweep) errors.push(...descentErrors({ spec, settings, dataset, budgets, method }));
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, plan: expand(spec, dataset, model, sweep, budgets) };
}

function expand(
  spec: ExperimentSpec,
  dataset: DatasetFacts,
  model: Model,
  sweep: readonly { name: string; method: Method; settings: RecipeSettings }[],
  budgets: (number | null)[],
): Plan {
  const stageRuns = new Map<string, PlannedStageRun>();
  const trials = new Map<string, PlannedTrial>();
  for (const { name, settings, method: whole } of sweep) {
    const method = withNeededInputs(whole, settings);
    for (const budget of budgets) {
      for (const seed of spec.seeds) {
        const stages = trialStages({ spec, dataset, model, settings, method, budgets, budget, seed });
        for (const stage of stages) stageRuns.set(stage.stageKey, stage);
        const stageKeys = stages.map((stage) => stage.stageKey);
        // Methods that agree up to `until` give the same trial twice: one is enough.
        const identity = JSON.stringify([budget, seed, stageKeys]);
        if (!trials.has(identity)) trials.set(identity, { method: name, budget, seed, stageKeys });
      }
    }
  }
  return { model, trials: [...trials.values()], stageRuns: [...stageRuns.values()] };
}

/** The method without its sensitivity run, where the mask search takes the layers' shares from elsewhere. */
function withNeededInputs(method: Method, settings: RecipeSettings): Method {
  if (readsSensitivity({ ...settings.maskSearch, ...method.maskSearch })) return method;
  const stages = method.stages.map((stage) => {
    const { sensitivity: _, ...inputs } = stage.inputs;
    return stage.kind === "mask-search" ? { ...stage, inputs } : stage;
  });
  return { ...method, stages };
}

function trialStages(trial: TrialContext): PlannedStageRun[] {
  const given = givenArtifacts(trial.spec);
  const produced = new Map<StageKind, PlannedInput>(given);
  const wanted = wantedKinds(trial.method, trial.spec.until, given);
  const planned: PlannedStageRun[] = [];
  for (const stage of trial.method.stages) {
    if (!wanted.has(stage.kind)) continue;
    const inputs = Object.fromEntries(
      Object.entries(stage.inputs).map(([name, kind]) => [name, produced.get(kind) as PlannedInput]),
    );
    const identity = {
      kind: stage.kind,
      implementation: stage.implementation,
      version: implementations[stage.implementation].version,
      params: paramsOf(stage, trial),
      precision: trial.spec.precision,
      seed: stage.seededByAr ? (trial.spec.arSeed ?? trial.seed) : trial.seed,
      datasetVersion: trial.dataset.version,
      inputs,
    };
    const key = stageKey(identity);
    planned.push({ stageKey: key, ...identity });
    produced.set(stage.kind, stage.descends ? { stageKey: key, variant: String(trial.budget) } : { stageKey: key });
  }
  return planned;
}

const givenArtifacts = (spec: ExperimentSpec): [StageKind, PlannedInput][] => [
  ...(spec.arModel ? [["train", { artifact: spec.arModel }] as [StageKind, PlannedInput]] : []),
  ...(spec.sensitivity ? [["sensitivity", { artifact: spec.sensitivity }] as [StageKind, PlannedInput]] : []),
  ...(spec.masks ? [["mask-search", { artifact: spec.masks }] as [StageKind, PlannedInput]] : []),
];

/** The stage a spec stops at and everything it reads, directly or not, less what the spec gives. */
function wantedKinds(method: Method, until: StageKind, given: readonly [StageKind, PlannedInput][]): Set<StageKind> {
  const have = new Set(given.map(([kind]) => kind));
  const wanted = new Set<StageKind>();
  const want = (kind: StageKind): void => {
    const stage = method.stages.find((candidate) => candidate.kind === kind);
    if (!stage || wanted.has(kind) || have.has(kind)) return;
    wanted.add(kind);
    Object.values(stage.inputs).forEach(want);
  };
  want(until);
  return wanted;
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
