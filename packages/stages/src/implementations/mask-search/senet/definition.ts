import type { ParamsOf } from "@reluctant/contracts";
import { sgdBytes } from "../../checkpoint-bytes.ts";
import { scoredMaskBytes, searchDefinition } from "../definition.ts";

export const definition = searchDefinition({
  name: "mask-search/senet",
  version: 1,
  reads: ["arModel", "sensitivity"],
  checkpointBytes: (model, params) => sgdBytes(model) + scoredMaskBytes(model, params as ParamsOf<"mask-search">),
  load: () => import("./run.ts"),
  methods: {
    /** SENet (ICLR 2023): sensitivity, allocation, mask search, distillation. */
    senet: {
      title: "SENet",
      stages: ["train/sgd", "sensitivity/sparse-momentum", "mask-search/senet", "distillation/pram"],
    },
    /** Baseline: the same share of every layer, units drawn at random; trained as long as SENet. */
    "uniform-random": {
      title: "Uniform random",
      stages: ["train/sgd", "mask-search/senet", "distillation/pram"],
      fixed: { maskSearch: { allocation: "uniform", allocationList: undefined, score: "random" } },
    },
  },
});
