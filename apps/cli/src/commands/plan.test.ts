import type { PlanAnswer } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { planText } from "./plan.ts";

const throughput = {
  backend: "torch",
  device: "H200",
  threads: 1,
  estimatedFrom: null,
  imagesPerSecond: 100,
  overheadSeconds: 36,
  waiting: 0.02,
  attempts: 2,
};

const run = (change: Partial<PlanAnswer["stageRuns"][number]>): PlanAnswer["stageRuns"][number] => ({
  stageKey: "a".repeat(64),
  kind: "train",
  implementation: "train/sgd",
  steps: 5_625,
  images: 720_000,
  seed: 1,
  trials: 2,
  checkpointBytes: 627_480,
  throughput,
  known: null,
  ...change,
});
const text = (...stageRuns: PlanAnswer["stageRuns"]) =>
  planText({ datasetVersion: "0".repeat(64), reluCount: 1, trials: [], stageRuns });

test("hours are images over the measured speed and what an attempt takes beside; the total is of what is to run", () => {
  const lines = text(run({}), run({ known: "cached" })).split("\n");
  expect(lines[1]).toMatch(/train\/sgd +1 +5,625 +720k +2\.01 +627 kB +2 +to run/);
  expect(lines.join("\n")).toContain("0 trials, 2 stage runs, 1 to run: 720k training images, 2.01 GPU-hours\n");
  expect(lines.join("\n")).toContain("measured on torch, H200, 1 thread:");
});

test("what was not measured is said and counted, not guessed", () => {
  const missing = run({ implementation: "mask-search/snl", throughput: null });
  expect(text(run({}), missing)).toContain("2.01 GPU-hours and 1 stage run not measured");
  const nothing = text(missing, missing);
  expect(nothing).toContain("1.44M training images, GPU-hours not measured");
  expect(nothing.split("\n")[1]).toContain("not measured");
});

test("what another number of threads told is marked, and says of which", () => {
  const estimated = run({ implementation: "mask-search/snl", throughput: { ...throughput, estimatedFrom: 2 } });
  const lines = text(run({}), estimated);
  expect(lines).toContain("~4.02 GPU-hours\n");
  expect(lines.split("\n")[2]).toMatch(/mask-search\/snl .* ~2\.01 /);
  expect(lines).toContain("measured on torch, H200, 1 thread; estimated from 2 threads: torch, H200, 1 thread:");
});

test("where reading images limits a stage, the plan says so", () => {
  const hungry = run({ throughput: { ...throughput, waiting: 0.42 } });
  expect(text(run({}))).not.toContain("waited for images");
  expect(text(run({ throughput: { ...throughput, waiting: null } }))).not.toContain("waited for images");
  expect(text(hungry)).toContain(
    "train/sgd waited for images 42 % of the time: reading them, not the device, limits it",
  );
});

test("modelled costs stand apart, a row for each budget, with the word and the source of each system", () => {
  const phase = (ms: number) => ({ ms, bytes: 1_000 * ms });
  const modelled = [2_000, 1_000].flatMap((reluCount) =>
    (["delphi", "cheetah"] as const).map((system) => ({
      system,
      reluCount,
      offline: phase(2 * reluCount),
      online: phase(reluCount),
    })),
  );
  const planned = { datasetVersion: "0".repeat(64), reluCount: 1, trials: [], stageRuns: [] };
  const lines = planText({ ...planned, modelled }).split("\n");
  const start = lines.findIndex((line) => line.startsWith("modelled, published constants"));
  expect(lines[start + 1]).toMatch(/ReLUs +DELPHI +Cheetah/);
  expect(lines[start + 2]).toMatch(/^ *2,000 +2 s 2 MB \+ 4 s 4 MB +2 s 2 MB \+ 4 s 4 MB$/);
  expect(lines[start + 4]).toMatch(/^DELPHI: .*Cryptonite/);
  expect(planText(planned)).not.toContain("modelled");
});
