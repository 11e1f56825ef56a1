import { reluCount, type Trial } from "@reluctant/relu";
import { floatBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { readsNoScore, searchDefinition, searchParams } from "../definition.ts";
import { type MagnitudeSettings, magnitudeSettingsSchema } from "./settings.ts";

export const definition = searchDefinition({
  name: "mask-search/magnitude",
  version: 1,
  settings: ownSettings({
    group: "magnitude",
    schema: magnitudeSettingsSchema,
    paper: { images: 5_000 },
    debug: { images: 320 },
  }),
  params,
  checkpointBytes: (model) => floatBytes * reluCount(model), // sums
  load: () => import("./run.ts"),
  methods: {
    /** Baseline: the units that are most active in the AR model, the same share of every layer. */
    magnitude: {
      title: "Magnitude",
      stages: ["train/sgd", "mask-search/magnitude", "distillation/pram"],
      fixed: { maskSearch: { ...readsNoScore, allocation: "uniform", allocationList: undefined } },
    },
  },
});

/** A step measures a batch, the last one maybe part of one. */
function params(trial: Trial) {
  const magnitude = trial.settings.magnitude as MagnitudeSettings;
  const images = Math.min(magnitude.images, trial.dataset.trainSize);
  const steps = Math.ceil(images / trial.settings.maskSearch.batchSize);
  return { ...searchParams(trial), steps, intervalSteps: steps, magnitude };
}
