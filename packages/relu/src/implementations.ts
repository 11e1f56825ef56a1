import type { StageKind } from "@reluctant/contracts";
import { catalog } from "./catalog.ts";

/**
 * The code behind each stage kind. `version` is hashed into the stage key and raised in the commit that changes an
 * implementation's numbers; a golden-curve test fails when a curve changes and the number does not.
 */
export const implementations = catalog({
  "train/sgd": { kind: "train", version: 1 },
  "sensitivity/sparse-momentum": { kind: "sensitivity", version: 1 },
  "mask-search/senet": { kind: "mask-search", version: 1 },
  "mask-search/continuation": { kind: "mask-search", version: 1 },
  "mask-search/deepreduce": { kind: "mask-search", version: 1 },
  "mask-search/layerwise-removal": { kind: "mask-search", version: 1 },
  "mask-search/snl": { kind: "mask-search", version: 1 },
  "mask-search/autorep": { kind: "mask-search", version: 1 },
  "mask-search/delphi-planner": { kind: "mask-search", version: 1 },
  "distillation/pram": { kind: "distillation", version: 1 },
  "distillation/senet++": { kind: "distillation", version: 1 },
} as const satisfies Record<string, { kind: StageKind; version: number }>);
export type Implementation = keyof typeof implementations;
