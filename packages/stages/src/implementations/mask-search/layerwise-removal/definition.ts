import type { ParamsOf } from "@reluctant/contracts";
import { sgdBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { scoredMaskBytes, searchDefinition } from "../definition.ts";
import { layerRemovalSettingsSchema } from "./settings.ts";

export const definition = searchDefinition({
  name: "mask-search/layerwise-removal",
  version: 1,
  settings: ownSettings({
    group: "layerRemoval",
    schema: layerRemovalSettingsSchema,
    paper: { probeImages: 5_000 },
    short: { probeImages: 1_000 },
  }),
  checkpointBytes: (model, params) => sgdBytes(model) + scoredMaskBytes(model, params as ParamsOf<"mask-search">),
  load: () => import("./run.ts"),
  methods: {
    /** Baseline: whole layers, the one that validation misses least first. */
    "layerwise-removal": {
      title: "Layer-wise removal",
      stages: ["train/sgd", "mask-search/layerwise-removal", "distillation/pram"],
      fixed: { maskSearch: { score: "linearization-cost" } },
    },
  },
});
