import { type Model, reluCount, reluLayers } from "@reluctant/relu";
import { floatBytes, sgdBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { readsNoAllocation, searchDefinition } from "../definition.ts";
import { delphiSettingsSchema } from "./settings.ts";

export const definition = searchDefinition({
  name: "mask-search/delphi-planner",
  version: 1,
  granularity: "pixel",
  settings: ownSettings({
    group: "delphi",
    schema: delphiSettingsSchema,
    paper: { swapShare: 0.5, clipNorm: 2, planImages: 5_000 },
  }),
  checkpointBytes: (model) => sgdBytes(model) + floatBytes * (reluCount(model) - fixedUnits(model)), // shares
  load: () => import("./run.ts"),
  methods: {
    /** Mishra et al. 2020, DELPHI's planner by greedy removal: whole layers become quadratic, the first and last stay. */
    "delphi-planner": {
      title: "DELPHI planner, greedy",
      stages: ["train/sgd", "mask-search/delphi-planner", "distillation/pram"],
      fixed: { maskSearch: readsNoAllocation, distillation: { clipNorm: 2 } },
    },
  },
});

/** Units of the layers that are never swapped. */
const fixedUnits = (model: Model): number => {
  const layers = reluLayers(model);
  return (layers[0]?.units ?? 0) + (layers.at(-1)?.units ?? 0);
};
