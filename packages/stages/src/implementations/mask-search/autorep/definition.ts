import { type Model, reluCount, reluLayers } from "@reluctant/relu";
import { adamBytes, floatBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { readsNoAllocation, searchDefinition } from "../definition.ts";
import { autorepSettingsSchema } from "./settings.ts";

export const definition = searchDefinition({
  name: "mask-search/autorep",
  version: 1,
  granularity: "pixel",
  settings: ownSettings({
    group: "autorep",
    schema: autorepSettingsSchema,
    paper: { learningRate: 1e-3, leastTravel: 3, densityWeight: 120, hysteresis: 0.003 },
  }),
  /** Scores and indicators of units; coefficients and moments of channels. */
  checkpointBytes: (model) => adamBytes(model) + floatBytes * (2 * reluCount(model) + 5 * reluChannels(model)),
  load: () => import("./run.ts"),
  methods: {
    /** Peng et al. 2023, "AutoReP": removed units compute a polynomial, so equal counts are not equal cost. */
    autorep: {
      title: "AutoReP",
      stages: ["train/sgd", "mask-search/autorep", "distillation/pram"],
      fixed: { maskSearch: readsNoAllocation, distillation: { clipNorm: 2 } },
    },
  },
});

const reluChannels = (model: Model): number => reluLayers(model).reduce((sum, { shape }) => sum + shape[2], 0);
