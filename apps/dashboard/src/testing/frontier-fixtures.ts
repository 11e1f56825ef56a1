import type { Frontier, FrontierPoint, PiMeasurement, ReluProtocol } from "@reluctant/contracts";
import { idleMachine, measurementOf } from "@reluctant/relu/testing";
import { summary } from "./experiment-fixtures.ts";
import { allRelus, at, hash, uuid } from "./names.ts";
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

/** What a network of so many ReLUs cost by a protocol; gmw's rounds make it slower where there are few. */
function measured(reluCount: number, protocol: ReluProtocol, disturbed: boolean): PiMeasurement {
  const gmw = protocol === "gmw";
  const phase = (ms: number, bytes: number, rounds: number) => ({
    ms,
    leastMs: ms * 0.93,
    mostMs: ms * 1.15,
    bytesSent: bytes / 4,
    bytesReceived: (3 * bytes) / 4,
    rounds,
  });
  return measurementOf({
    stageRunId: uuid(3_000),
    protocol,
    privateAccuracy: 0.8,
    plaintextAccuracy: 0.8,
    cost: {
      offline: phase(400 + reluCount * 0.02, reluCount * 6_100, 24),
      online: phase(
        gmw ? 190 + reluCount * 0.002 : 40 + reluCount * 0.004,
        reluCount * (gmw ? 91 : 1_032),
        gmw ? 152 : 19,
      ),
      label: "dealer: offline linear cost not included",
    },
    machine: {
      ...idleMachine,
      processor: "AMD EPYC 9R14",
      level: "avx512",
      othersShare: disturbed ? 0.4 : 0,
      disturbed,
    },
    measuredAt: at(3),
  });
}

/** Seed 1 of SENet was measured, one budget of it while others used the machine; the largest budget was not. */
const measurementsOf = (method: string, budget: number, seed: number): PiMeasurement[] =>
  method !== "senet" || seed > 1 || budget > 50_000
    ? []
    : (["garbled", "gmw"] as const).map((protocol) =>
        measured(budget, protocol, protocol === "garbled" && budget === budgets[1]),
      );

/** The network of a trial, of which each seed has its own. */
export const pointsOfTrial = (trialId: string) =>
  frontier.points.filter((each) => each.trialId === trialId).slice(0, 1);

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
            measurements: measurementsOf(method, budget, seed),
          });
        }),
      ),
    ),
  ],
};
