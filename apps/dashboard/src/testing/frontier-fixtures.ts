import type { Frontier, FrontierPoint } from "@reluctant/contracts";
import { summary } from "./experiment-fixtures.ts";
import { allRelus, hash, uuid } from "./names.ts";
import { accuracyOf, budgets, methods } from "./stage-run-fixtures.ts";

const point = (n: number, change: Partial<FrontierPoint>): FrontierPoint => ({
  id: uuid(n),
  stageRunId: uuid(n),
  experimentId: summary.id,
  trialId: uuid(n),
  variant: "full",
  method: "ar",
  recipe: "demo",
  seed: 1,
  budget: null,
  reluCount: allRelus,
  polynomialUnits: 0,
  convention: "all",
  source: null,
  macs: 41e6,
  images: 199_680,
  gpuSeconds: 640,
  validationAccuracy: (change.testAccuracy ?? 0) + 0.003,
  testAccuracy: 0,
  onFrontier: true,
  suspect: null,
  measurements: [],
  ...change,
});

export const frontier: Frontier = {
  dataset: "cifar10",
  datasetVersion: hash(7),
  model: "resnet20",
  classes: 10,
  totalRelus: allRelus,
  recommendation: summary.best,
  points: [
    ...[1, 2, 3].map((seed) => point(2_000 + seed, { seed, testAccuracy: 0.914 + seed / 1_000 })),
    ...methods.flatMap((method, m) =>
      [...budgets, 94_208].flatMap((budget, b) =>
        [1, 2, 3].map((seed) => {
          const testAccuracy = accuracyOf(budget, method, seed);
          const trialId = uuid(1_150 + m * 10 + b);
          return point(2_100 + m * 100 + b * 10 + seed, {
            method,
            budget,
            reluCount: budget,
            seed,
            testAccuracy,
            trialId,
          });
        }),
      ),
    ),
  ],
};
