import type { StageKind } from "@reluctant/contracts";

export const stageTitles: Record<StageKind, string> = {
  train: "Train",
  sensitivity: "Sensitivity",
  "mask-search": "Mask search",
  distillation: "Distillation",
  "private-inference": "Private inference",
};
