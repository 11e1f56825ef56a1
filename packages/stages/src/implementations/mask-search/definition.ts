import type { MaskSearchSettings, ParamsOf } from "@reluctant/contracts";
import { intervalSteps, type Model, reluCount, stepsOf, type Trial } from "@reluctant/relu";
import { floatBytes, maskBytes } from "../checkpoint-bytes.ts";
import { type Own, ownParams, paramsSchemaOf, type StageDefinition, shareOf } from "../definition.ts";

/** A mask search: from an AR model, for one budget unless it says how it descends through several. */
export const searchDefinition = <const Name extends `mask-search/${string}`>(
  own: Own<Name>,
): StageDefinition<Name> => ({
  kind: "mask-search",
  reads: ["arModel"],
  paramsSchema: paramsSchemaOf("mask-search", own.settings),
  params: (trial) => ({ ...searchParams(trial), ...ownParams(own.settings, trial) }),
  ...own,
});

/** What every mask search is told. */
export function searchParams(trial: Trial): ParamsOf<"mask-search"> {
  const { model, settings, spec, dataset } = trial;
  return {
    kind: "mask-search",
    model: model.name,
    budget: trial.budget as number,
    granularity: spec.granularity,
    steps: searchSteps(trial),
    intervalSteps: intervalSteps(settings.maskSearch, dataset.trainSize),
    settings: settings.maskSearch,
  };
}

/** Steps for one budget. */
export const searchSteps = (trial: Pick<Trial, "method" | "settings" | "dataset">): number =>
  shareOf(trial, stepsOf(trial.settings.maskSearch, trial.dataset.trainSize));

/**
 * For methods whose search ranks no units by a score. Stored parameters are what planners and workers of two versions hand
 * each other, and stage keys hash them: so what a search does not read has one value there, and is not left out.
 */
export const readsNoScore = { score: "random", stopDistance: 0 } as const satisfies Partial<MaskSearchSettings>;

/** For methods whose search follows no allocation either. */
export const readsNoAllocation: Partial<MaskSearchSettings> = {
  ...readsNoScore,
  allocation: "uniform",
  allocationList: undefined,
  allocationFloor: 0,
};

/** Masks as bits, and sums of scores where any are taken. */
export const scoredMaskBytes = (model: Model, { settings }: ParamsOf<"mask-search">): number =>
  maskBytes(model) + (settings.score === "random" ? 0 : floatBytes * reluCount(model));
