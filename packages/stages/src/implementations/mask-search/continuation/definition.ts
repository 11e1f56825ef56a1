import type { FieldError, ParamsOf } from "@reluctant/contracts";
import type { MethodSweep, Trial } from "@reluctant/relu";
import { maskBytes, networkBytes, sgdBytes } from "../../checkpoint-bytes.ts";
import { ownSettings } from "../../definition.ts";
import { scoredMaskBytes, searchDefinition, searchSteps } from "../definition.ts";
import { type DescentSettings, descentSettingsSchema } from "./settings.ts";

export const definition = searchDefinition({
  name: "mask-search/continuation",
  version: 1,
  reads: ["arModel", "sensitivity", "start"],
  descends: true,
  settings: ownSettings({
    group: "descent",
    schema: descentSettingsSchema,
    paper: { removals: 50, ranking: "layer", scoreMemory: 0, pramWeight: 1000 },
    short: { removals: 4 },
    debug: { removals: 2 },
  }),
  params,
  errors,
  checkpointBytes(model, params) {
    const search = params as ParamsOf<"mask-search">;
    const left = (search.budgets?.length ?? 1) - 1; // students that stay behind at the budgets before the last
    return sgdBytes(model) + scoredMaskBytes(model, search) + left * (networkBytes(model) + maskBytes(model));
  },
  load: () => import("./run.ts"),
  methods: {
    /**
     * Ours: one descent passes every budget, and each student is fine-tuned from there. A third of SENet's images for the
     * whole frontier, whatever the recipe's lengths. It learns as the fine-tune does, since it has no time to recover from
     * what it drops, and it drops what the loss misses least to first order: ResNet-8 on CIFAR-10 at 50, 20, 12, 8 and 3 %
     * reached 79.3, 74.3, 70.8, 67.2 and 58.4 % on validation, by the cost of linearization 78.9, 71.6, 67.7, 62.8 and
     * 50.8 % (examples/comparisons/cifar10-resnet8.yaml, one seed).
     */
    continuation: {
      title: "Continuation",
      stages: ["train/sgd", "sensitivity/sparse-momentum", "mask-search/continuation", "distillation/pram"],
      defaults: { maskSearch: { score: "taylor", learningRate: 0.05, distillWeight: 0.9 } },
      imageShare: 1 / 3,
    },
  },
});

function params(trial: Trial): ParamsOf<"mask-search"> {
  const { model, spec, settings } = trial;
  const descent = settings.descent as DescentSettings;
  const falling = (trial.budgets as number[]).toSorted((a, b) => b - a);
  const steps = searchSteps(trial) * falling.length;
  return {
    kind: "mask-search",
    model: model.name,
    budget: falling.at(-1) as number,
    budgets: falling,
    granularity: spec.granularity,
    steps,
    intervalSteps: Math.floor(steps / (descent.removals * falling.length + 1)),
    settings: settings.maskSearch,
    descent,
  };
}

function errors({ spec, settings, method, budgets, dataset }: MethodSweep): FieldError[] {
  if (spec.budgets === undefined) return [];
  const { score, allocation } = settings.maskSearch;
  const { removals, ranking } = settings.descent as DescentSettings;
  const found: FieldError[] = [];
  if (spec.startMasks && spec.granularity === "channel")
    found.push({
      field: "granularity",
      message: "startMasks keep single units; a descent through whole channels begins at all ReLUs",
    });
  const steps = searchSteps({ method, settings, dataset }) * budgets.length;
  if (steps <= removals * budgets.length)
    found.push({
      field: "settings.descent.removals",
      message: `${removals} before each of ${budgets.length} budgets are too many for the ${steps} steps of the descent`,
    });
  if (score === "random")
    found.push({ field: "settings.maskSearch.score", message: `"random" ranks nothing; a descent needs a score` });
  if (allocation === "manual" && ranking === "layer")
    found.push({
      field: "settings.maskSearch.allocation",
      message: `"manual" knows one budget; a descent allocates many`,
    });
  if (ranking === "network" && spec.granularity === "channel")
    found.push({
      field: "settings.descent.ranking",
      message: `"network" ranks single units; channels compete by "layer"`,
    });
  return found;
}
