import type { ParamsOf, StageParams } from "@reluctant/contracts";
import { type Model, nodesOf, parameterCount, reluCount, reluLayers } from "./models/model.ts";
import { narrow } from "./models/narrow.ts";

const float = 4;

/**
 * Bytes of the largest checkpoint that a stage takes, but for its header of names (some kB): weights with the batch norms'
 * statistics, what the optimizer remembers, and what the stage itself keeps. Tests hold it to real checkpoints.
 */
export const checkpointBytes = (model: Model, params: StageParams): number =>
  weightBytes(model) + float * optimizerFloats(model, params) + ownBytes(model, params);

const weightBytes = (model: Model): number => float * (parameterCount(model) + statisticCount(model));

/** Running means and variances. */
const statisticCount = (model: Model): number =>
  nodesOf(model, "batch-norm").reduce((sum, { shape }) => sum + 2 * shape[2], 0);

/** SGD remembers one value a parameter, Adam two, those of trainable activations included. */
function optimizerFloats(model: Model, params: StageParams): number {
  const adam = params.kind === "mask-search" && (params.snl ?? params.autorep);
  if (adam) return 2 * (parameterCount(model) + reluCount(model));
  const widths = params.kind === "distillation" ? (params.slimmable?.widths ?? []) : [];
  return parameterCount(model) + widths.reduce((sum, width) => sum + statisticCount(narrow(model, width)), 0);
}

function ownBytes(model: Model, params: StageParams): number {
  switch (params.kind) {
    case "train":
      return 0;
    case "sensitivity":
      return filterCount(model) / 8;
    case "distillation":
      // Each width's batch norms: scale, offset and two statistics a channel.
      return (params.slimmable?.widths ?? []).reduce(
        (sum, width) => sum + 2 * float * statisticCount(narrow(model, width)),
        0,
      );
    case "mask-search":
      return searchBytes(model, params);
  }
}

/** Masks as bits, sums of scores, what activations hold, the students that a descent has left behind: each as it has them. */
function searchBytes(model: Model, params: ParamsOf<"mask-search">): number {
  const relus = reluCount(model);
  if (params.deepreduce) return 0;
  if (params.snl) return float * relus;
  if (params.autorep) return float * (2 * relus + 5 * reluChannels(model));
  if (params.delphi)
    return float * (relus - (reluLayers(model)[0]?.units ?? 0) - (reluLayers(model).at(-1)?.units ?? 0));
  const searching = relus / 8 + (params.settings.score === "random" ? 0 : float * relus);
  const left = (params.budgets?.length ?? 1) - 1;
  return searching + left * (weightBytes(model) + relus / 8);
}

const reluChannels = (model: Model): number => reluLayers(model).reduce((sum, { shape }) => sum + shape[2], 0);

const filterCount = (model: Model): number =>
  nodesOf(model, "conv").reduce((sum, { kernel, channelsIn, shape }) => sum + kernel ** 2 * channelsIn * shape[2], 0);
