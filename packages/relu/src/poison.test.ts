import { expect, it } from "vitest";
import { judgeLosses, type Loss, weightOf } from "./poison.ts";

const lease = 15;
const lossOn = (worker: string, change: Partial<Loss> = {}): Loss => ({
  worker,
  at: "2026-11-29T04:52:41.123+00:00",
  ageSeconds: 60,
  step: 0,
  alone: true,
  ...change,
});
const cluster = ["a", "b", "c", "d"];
const judge = (losses: Loss[], workers = cluster) => judgeLosses({ losses, workers }, lease).is;
const on = (workers: string, change: Partial<Loss> = {}) => [...workers].map((worker) => lossOn(worker, change));

it.each([
  ["progress", lossOn("a", { step: 8 }), lossOn("b", { step: 7 })],
  ["progress", lossOn("a", { step: 8, alone: false }), undefined],
  ["together", lossOn("a", { step: 7, alone: false }), lossOn("b", { step: 7 })],
  ["alone", lossOn("a", { step: 7 }), lossOn("b", { step: 7 })],
  ["alone", lossOn("a"), undefined],
] as const)("weighs a loss as %s", (weight, loss, before) => {
  expect(weightOf(loss, before)).toBe(weight);
});

it.each([
  ["poisonous", "five on three workers", on("abcab")],
  ["harmless", "four", on("abca")],
  ["harmless", "five on two of four workers", on("ababa")],
  ["harmless", "five on one of four workers", on("aaaaa")],
  ["harmless", "five of which one followed a checkpoint", on("abcab").with(2, lossOn("c", { step: 5 }))],
  ["poisonous", "five around one that had company", [...on("ab"), lossOn("c", { alone: false }), ...on("cab")]],
  ["harmless", "five before one that had company", [lossOn("d", { alone: false }), ...on("abcab")]],
  ["unsure", "five the last of which is younger than a lease", on("abcab").with(0, lossOn("a", { ageSeconds: 14.9 }))],
  ["harmless", "five in company", on("abcab", { alone: false })],
] as const)("finds a run %s after %s", (verdict, _, losses) => {
  expect(judge([...losses])).toBe(verdict);
});

it.each([
  [["a"], "aaaaa"],
  [[], "aaaaa"],
  [["a", "b"], "ababa"],
])("is content with the workers that there are: %j", (workers, lost) => {
  expect(judge(on(lost), workers)).toBe("poisonous");
});

it("tells the history, oldest first", () => {
  const losses = [..."abcab"].map((worker, index) => lossOn(worker, { at: `2026-11-29T04:5${5 - index}:41+00:00` }));
  expect(judgeLosses({ losses, workers: cluster }, lease)).toEqual({
    is: "poisonous",
    reason: `poisonous: its worker was lost 5 times in a row, each time without a new checkpoint and no other beside it:
b (2026-11-29 04:51:41 UTC), a (2026-11-29 04:52:41 UTC), c (2026-11-29 04:53:41 UTC), b (2026-11-29 04:54:41 UTC), a (2026-11-29 04:55:41 UTC)`,
  });
});
