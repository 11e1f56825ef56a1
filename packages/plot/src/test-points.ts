import type { FrontierPoint } from "@reluctant/contracts";
import type { Plotted } from "./describe.ts";

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export const point = (change: Partial<FrontierPoint>, n = 0): FrontierPoint => ({
  id: uuid(n),
  stageRunId: uuid(n),
  experimentId: null,
  trialId: null,
  variant: "full",
  method: "senet",
  recipe: "debug",
  seed: 1,
  budget: change.reluCount ?? null,
  reluCount: 1_000,
  polynomialUnits: 0,
  convention: "all",
  source: null,
  macs: 41e6,
  images: 100,
  gpuSeconds: 1,
  validationAccuracy: change.testAccuracy ?? 0.5,
  testAccuracy: 0.5,
  onFrontier: true,
  suspect: null,
  measurements: [],
  ...change,
});

export const frontier = (points: FrontierPoint[]): Plotted => ({
  dataset: "cifar10",
  datasetVersion: "0".repeat(64),
  model: "resnet20",
  classes: 10,
  totalRelus: 188_416,
  points,
});
