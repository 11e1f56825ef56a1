import { reluCount } from "@reluctant/relu";
import { adamBytes, floatBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { readsNoAllocation, searchDefinition } from "../definition.ts";
import { snlSettingsSchema } from "./settings.ts";

const stages = ["train/sgd", "mask-search/snl", "distillation/pram"];

export const definition = searchDefinition({
  name: "mask-search/snl",
  version: 1,
  granularity: "pixel",
  settings: ownSettings({
    group: "snl",
    schema: snlSettingsSchema,
    paper: {
      learningRate: 1e-3,
      leastTravel: 3,
      penalty: 1e-5,
      counts: 150,
      penaltyGrowth: 1.1,
      patience: 5,
      threshold: 0.01,
      landing: "threshold",
    },
    short: { landBy: 0.75 },
  }),
  checkpointBytes: (model) => adamBytes(model) + floatBytes * reluCount(model), // slopes
  load: () => import("./run.ts"),
  methods: {
    /** Cho et al. 2022, "Selective Network Linearization": slopes under an L1 penalty; misses its budget a little. */
    snl: { title: "SNL", stages, fixed: { maskSearch: readsNoAllocation, snl: { landing: "threshold" } } },
    /** SNL that keeps exactly the budget's largest slopes. */
    "snl-exact": { title: "SNL, exact", stages, fixed: { maskSearch: readsNoAllocation, snl: { landing: "exact" } } },
  },
});
