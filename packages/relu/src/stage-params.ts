import type { ExperimentSpec, FieldError, ParamsOf, RecipeSettings, StageParams } from "@reluctant/contracts";
import type { Method, MethodStage } from "./methods.ts";
import type { Model, Shape } from "./models/model.ts";
import { intervalSteps, stepsOf } from "./steps.ts";

/** What the planner must know of the dataset version that a spec names. */
export interface DatasetFacts {
  version: string;
  inputShape: Shape;
  classes: number;
  trainSize: number;
}

export interface TrialContext {
  spec: ExperimentSpec;
  dataset: DatasetFacts;
  model: Model;
  settings: RecipeSettings;
  method: Method;
  /** All of the spec. */
  budgets: readonly (number | null)[];
  budget: number | null;
  seed: number;
}

/** Parameters of a trial's stage: resolved and complete. */
export function paramsOf(stage: MethodStage, trial: TrialContext): StageParams {
  const { model, settings, method, dataset } = trial;
  switch (stage.kind) {
    case "train":
    case "sensitivity": {
      const own = settings[stage.kind];
      return {
        kind: stage.kind,
        model: model.name,
        steps: stepsOf(own, dataset.trainSize),
        settings: own,
      } as StageParams;
    }
    case "mask-search":
      return { kind: "mask-search", model: model.name, ...searchParams(stage, trial) };
    case "distillation":
      return {
        kind: "distillation",
        model: model.name,
        steps: shareOf(method, stepsOf(settings.distillation, dataset.trainSize)),
        settings: { ...settings.distillation, ...method.distillation },
        ...ownSettings(stage, trial),
      };
  }
}

/** What the implementation reads beside its kind's settings, under its own name. */
const ownSettings = ({ ownSettings: group }: MethodStage, { settings, method }: TrialContext) =>
  group && { [group]: { ...settings[group], ...method.own } };

type SearchParams = Omit<ParamsOf<"mask-search">, "kind" | "model">;

function searchParams(stage: MethodStage, trial: TrialContext): SearchParams {
  const { settings, spec, dataset, method, budgets, budget } = trial;
  const search = { ...settings.maskSearch, ...method.maskSearch };
  const steps = shareOf(method, stepsOf(search, dataset.trainSize));
  const { granularity } = spec;
  const own = ownSettings(stage, trial);
  if (!stage.descends) {
    const interval = intervalSteps(search, dataset.trainSize);
    return { budget: budget as number, granularity, steps, intervalSteps: interval, settings: search, ...own };
  }
  const { descent } = settings;
  const falling = (budgets as number[]).toSorted((a, b) => b - a);
  return {
    budget: falling.at(-1) as number,
    budgets: falling,
    granularity,
    steps: steps * falling.length,
    intervalSteps: Math.floor((steps * falling.length) / (descent.removals * falling.length + 1)),
    settings: search,
    ...own,
  };
}

const shareOf = ({ imageShare = 1 }: Method, steps: number): number => Math.floor(steps * imageShare);

/** What keeps a descent from being run as the settings say. */
export function descentErrors(
  trial: Pick<TrialContext, "spec" | "settings" | "method" | "budgets" | "dataset">,
): FieldError[] {
  const { spec, settings, method, budgets, dataset } = trial;
  if (!method.stages.some(({ descends }) => descends) || spec.budgets === undefined) return [];
  const search = { ...settings.maskSearch, ...method.maskSearch };
  const errors: FieldError[] = [];
  const { removals, ranking } = settings.descent;
  const steps = shareOf(method, stepsOf(search, dataset.trainSize)) * budgets.length;
  if (steps <= removals * budgets.length)
    errors.push({
      field: "settings.descent.removals",
      message: `${removals} before each of ${budgets.length} budgets are too many for the ${steps} steps of the descent`,
    });
  if (search.score === "random")
    errors.push({ field: "settings.maskSearch.score", message: `"random" ranks nothing; a descent needs a score` });
  if (search.allocation === "manual" && ranking === "layer")
    errors.push({
      field: "settings.maskSearch.allocation",
      message: `"manual" knows one budget; a descent allocates many`,
    });
  if (ranking === "network" && spec.granularity === "channel")
    errors.push({
      field: "settings.descent.ranking",
      message: `"network" ranks single units; channels compete by "layer"`,
    });
  return errors;
}

/** Stages whose settings give no step. */
export function lengthErrors(settings: RecipeSettings, trainSize: number): FieldError[] {
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
export function cropErrors(settings: RecipeSettings): FieldError[] {
  const { train, sensitivity, maskSearch, distillation } = settings;
  return Object.entries({ train, sensitivity, maskSearch, distillation })
    .filter(([, { crop, cropPadding }]) => crop === "resized" && cropPadding > 0)
    .map(([stage, { cropPadding }]) => ({
      field: `settings.${stage}.cropPadding`,
      message: `is ${cropPadding}; it must be 0 where crop is "resized"`,
    }));
}
