import { type Claim, type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, dispatch, readMetrics, writeMetrics } from "./index.ts";

let kit: Kit;
let identity: Caller;
let claim: Claim;
beforeEach(async () => {
  kit = await setup();
  identity = await kit.caller();
  await kit.submit({ until: "train", budgets: undefined });
  const worker = await kit.worker();
  const [born] = await dispatch(kit.deps);
  claim = await kit.claim(born?.attemptId ?? "", worker);
});
afterEach(() => kit.close());

const points = 5_000;

/** A curve of many points with one spike up and one down, and a short one that never moves. */
async function writeCurves(): Promise<void> {
  const loss = Array.from({ length: points }, (_, step) => ({ series: "loss", step, value: Math.sin(step) }));
  (loss[1_234] as { value: number }).value = 9;
  (loss[4_321] as { value: number }).value = -9;
  const rate = Array.from({ length: 20 }, (_, index) => ({ series: "learning-rate", step: index * 100, value: 0.1 }));
  await writeMetrics(kit.deps, { ...claim, points: [...loss, ...rate] });
}

const read = (which: Partial<Parameters<typeof readMetrics>[1]>) =>
  readMetrics(kit.deps, { identity, stageRunId: claim.assignment.stageRunId, ...which });

test("a long curve is told by few points, its spikes and its last among them; a short one whole", async () => {
  await writeCurves();
  const [rate, loss] = await read({ most: 100 });
  expect(rate?.steps).toHaveLength(20);
  expect(loss?.steps.length).toBeGreaterThan(50);
  expect(loss?.steps.length).toBeLessThanOrEqual(100);
  const at = (step: number) => loss?.values[loss.steps.indexOf(step)];
  expect([at(1_234), at(4_321), at(points - 1)]).toEqual([9, -9, Math.sin(points - 1)]);
  expect(loss?.steps).toEqual([...(loss?.steps ?? [])].sort((a, b) => a - b));
});

test("what comes after a step is told with no more points than asked for, or whole", async () => {
  await writeCurves();
  const [, whole] = await read({});
  expect(whole?.steps).toHaveLength(points);
  const [late] = await read({ series: ["loss"], afterStep: 4_000, most: 100 });
  expect(late?.steps[0]).toBeGreaterThan(4_000);
  expect(late?.steps.length).toBeLessThanOrEqual(100);
  expect(Math.min(...(late?.values ?? []))).toBe(-9);
  const [last] = await read({ series: ["loss"], afterStep: points - 11, most: 100 });
  expect(last?.steps).toEqual(whole?.steps.slice(-10));
});
