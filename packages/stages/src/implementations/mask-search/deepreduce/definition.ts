import { sgdBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { searchDefinition } from "../definition.ts";
import { deepReduceSettingsSchema } from "./settings.ts";

export const definition = searchDefinition({
  name: "mask-search/deepreduce",
  version: 1,
  settings: ownSettings({
    group: "deepreduce",
    schema: deepReduceSettingsSchema,
    paper: { criticalityExponent: 0.07 },
  }),
  checkpointBytes: sgdBytes,
  load: () => import("./run.ts"),
  methods: {
    /** Whole stages and layers by criticality (Jha et al. 2021): few counts, so it misses most budgets. */
    deepreduce: {
      title: "DeepReDuce",
      stages: ["train/sgd", "mask-search/deepreduce", "distillation/pram"],
      fixed: { maskSearch: { score: "random" } },
    },
  },
});
