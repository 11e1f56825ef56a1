import { narrow } from "@reluctant/relu";
import { floatBytes, sgdBytes, statisticCount } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { distillationDefinition } from "../definition.ts";
import { type SlimmableSettings, slimmableSettingsSchema } from "./settings.ts";

export const definition = distillationDefinition({
  name: "distillation/senet++",
  version: 1,
  settings: ownSettings({ group: "slimmable", schema: slimmableSettingsSchema, paper: { widths: [0.5] } }),
  /** Each width's batch norms: scale, offset and two statistics a channel, and what the optimizer remembers of the first two. */
  checkpointBytes: (model, params) =>
    (params.slimmable as SlimmableSettings).widths.reduce(
      (sum, width) => sum + 3 * floatBytes * statisticCount(narrow(model, width)),
      sgdBytes(model),
    ),
  load: () => import("./run.ts"),
  methods: {
    /** SENet's masks under weights that serve several widths: a frontier point for each, with its own MACs and ReLUs. */
    "senet++": {
      title: "SENet++",
      stages: ["train/sgd", "sensitivity/sparse-momentum", "mask-search/senet", "distillation/senet++"],
    },
  },
});
