import type { ParamsOf } from "@reluctant/contracts";
import { stepsOf, type Trial } from "@reluctant/relu";
import { type Own, ownParams, paramsSchemaOf, type StageDefinition, shareOf } from "../definition.ts";

/** A distillation: of a mask search's student from its AR model. */
export const distillationDefinition = <const Name extends `distillation/${string}`>(
  own: Own<Name>,
): StageDefinition<Name> => ({
  kind: "distillation",
  reads: ["arModel", "student"],
  paramsSchema: paramsSchemaOf("distillation", own.settings),
  params: (trial) => ({ ...distillationParams(trial), ...ownParams(own.settings, trial) }),
  ...own,
});

const distillationParams = (trial: Trial): ParamsOf<"distillation"> => ({
  kind: "distillation",
  model: trial.model.name,
  steps: shareOf(trial, stepsOf(trial.settings.distillation, trial.dataset.trainSize)),
  settings: trial.settings.distillation,
});
