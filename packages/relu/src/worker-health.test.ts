import { expect, it } from "vitest";
import { blameOf, brokenWorkers, type WorkerEnding, type WorkerRecord } from "./worker-health.ts";

const lossOf = (stageRunId: string, change: Partial<WorkerEnding> = {}): WorkerEnding => ({
  state: "lost",
  stageRunId,
  kind: "train",
  at: "2026-11-29T04:52:41.123+00:00",
  checkpointed: false,
  alone: true,
  succeededOn: "gpu-2",
  ...change,
});
const worker = (name: string, endings: WorkerEnding[] = [], pool = "default"): WorkerRecord => ({
  name,
  pool,
  endings,
});
const three = [lossOf("c"), lossOf("b"), lossOf("a")];
const drained = (endings: WorkerEnding[]) => brokenWorkers([worker("bad", endings), worker("good")]).length === 1;

it.each([
  ["survived", lossOf("a", { state: "failed" })],
  ["survived", lossOf("a", { state: "succeeded", succeededOn: null })],
  ["excused", lossOf("a", { alone: false })],
  ["excused", lossOf("a", { checkpointed: true })],
  ["open", lossOf("a", { succeededOn: null })],
  ["blamed", lossOf("a")],
] as const)("finds an ending %s", (blame, ending) => {
  expect(blameOf(ending)).toBe(blame);
});

it.each([
  [true, "lost three stage runs in a row that succeeded elsewhere", three],
  [false, "lost two", three.slice(1)],
  [false, "lost one three times", [lossOf("a"), lossOf("a"), lossOf("a")]],
  [false, "has survived one since", [lossOf("d", { state: "succeeded", succeededOn: null }), ...three]],
  [false, "survived one between", three.with(1, lossOf("b", { state: "failed" }))],
  [
    true,
    "lost others in company between",
    [lossOf("e", { alone: false }), three[0] as WorkerEnding, lossOf("f", { succeededOn: null }), ...three.slice(1)],
  ],
  [false, "lost three in company", three.map((loss) => ({ ...loss, alone: false }))],
  [false, "lost three that have not succeeded elsewhere", three.map((loss) => ({ ...loss, succeededOn: null }))],
])("drains a worker (%s) that %s", (expected, _, endings) => {
  expect(drained(endings)).toBe(expected);
});

it("never drains the last of a pool, however many are broken", () => {
  expect(brokenWorkers([worker("only", three), worker("elsewhere", [], "other")])).toEqual([]);
  const all = ["a", "b", "c"].map((name) => worker(name, three));
  expect(brokenWorkers(all).map(({ name }) => name)).toEqual(["a", "b"]);
});

it("tells what was lost, when, and who finished it, oldest first", () => {
  const endings = three.map((loss, index) => ({ ...loss, at: `2026-11-29T04:5${9 - index}:00+00:00` }));
  expect(brokenWorkers([worker("bad", endings), worker("good")])).toEqual([
    {
      name: "bad",
      reason:
        "its last attempts were lost, and succeeded elsewhere: train (2026-11-29 04:57:00 UTC; then on gpu-2), train (2026-11-29 04:58:00 UTC; then on gpu-2), train (2026-11-29 04:59:00 UTC; then on gpu-2)",
    },
  ]);
});
