import type { Experiment, PlanAnswer } from "@reluctant/contracts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi } from "../api.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const spec = { name: "large", dataset: "glyphs", model: "resnet8", recipe: "debug" };
const large = { ...spec, budgets: upTo(100).map((step) => 1_000 + step), seeds: upTo(100) };
const post = (body: object) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi({ limits: { requestMs: 280_000 } }); // a busy machine takes its time, which is not what this is about
});
afterAll(() => api.close());

/**
 * The answer, and the longest that others waited for one meanwhile, as a share of its whole time: milliseconds would only
 * tell how busy the machine is.
 */
async function besideOthers<T>(work: Promise<T>): Promise<{ answer: T; longestWait: number }> {
  const began = performance.now();
  let longest = 0;
  let over = false;
  const others = async () => {
    while (!over) {
      const asked = performance.now();
      await (await api.request("/healthz")).body?.cancel();
      longest = Math.max(longest, performance.now() - asked);
    }
  };
  const [answer] = await Promise.all([
    work.finally(() => {
      over = true;
    }),
    others(),
  ]);
  return { answer, longestWait: longest / (performance.now() - began) };
}

test("others are answered while 10,000 trials are planned, submitted, looked at and cancelled", async () => {
  const read = async <T>(path: string, init?: Parameters<typeof api.request>[1]) =>
    (await (await api.request(path, init)).json()) as T;

  const planned = await besideOthers(read<PlanAnswer>("/api/v1/plans", post(large)));
  expect([planned.answer.trials.length, planned.answer.stageRuns.length]).toEqual([10_000, 20_200]);

  const submitted = await besideOthers(read<Experiment>("/api/v1/experiments", post(large)));
  expect(submitted.answer).toMatchObject({ trials: 10_000, progress: { total: 20_200, waiting: 20_200 } });

  const path = `/api/v1/experiments/${submitted.answer.id}`;
  const seen = await besideOthers(read<Experiment>(path));
  expect(new Set(seen.answer.stageRuns.map(({ stageKey }) => stageKey))).toEqual(
    new Set(planned.answer.stageRuns.map(({ stageKey }) => stageKey)),
  );

  const cancelled = await besideOthers(read<Experiment>(`${path}/cancel`, { method: "POST" }));
  expect(cancelled.answer).toMatchObject({ state: "cancelled", progress: { cancelled: 20_200 } });

  for (const { longestWait } of [planned, submitted, seen, cancelled]) expect(longestWait).toBeLessThan(0.25);
});
