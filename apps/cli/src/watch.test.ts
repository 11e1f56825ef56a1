import type { Experiment } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { endText, progressLine } from "./watch.ts";

const best = {
  method: "senet",
  reluCount: 48_213,
  decidedBy: "validation",
  withinOnePoint: true,
  validationAccuracy: 0.912,
  testAccuracy: 0.919,
} as const;

test.each<[what: string, change: Partial<Experiment>, said: string]>([
  ["nothing that was not reached", { state: "failed", reason: "no data", best: null }, "quick look: failed (no data)"],
  [
    "what to take, by which part of the data, with both accuracies by name",
    { best },
    "quick look: finished\nsmallest budget within 1 point of AR on validation: senet, 48,213 ReLUs, validation 91.2 %, test 91.9 %",
  ],
  [
    "the most accurate where none is near enough",
    { best: { ...best, withinOnePoint: false } },
    "quick look: finished\nmost accurate on validation: senet, 48,213 ReLUs, validation 91.2 %, test 91.9 %",
  ],
])("the end of an experiment says %s", (_, change, said) => {
  const text = endText({ name: "quick look", state: "finished", reason: null, ...change } as Experiment);
  expect(typeof text === "string" ? text : text.map((span) => span.text).join("")).toBe(said);
});

test.each([
  [412.4, "412 img/s"],
  [0.33, "0.3 img/s"],
])("%d images a second are told as %s", (imagesPerSecond, said) => {
  const progress = { step: 1, totalSteps: 3, imagesPerSecond, loss: null, etaSeconds: 8 };
  expect(progressLine({ kind: "private-inference", progress }, "senet 14.7k s1")).toContain(`step 1/3  ${said}  ETA`);
});
