import type { StageRun, Trial } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { stageSubjects } from "./stage-subject.ts";

const run = (id: string, kind: "train" | "mask-search", budget = 0) =>
  ({ id, kind, seed: 1, params: { kind, model: "resnet8", budget } }) as unknown as StageRun;
const trial = (method: string, budget: number | null, ...stageRunIds: string[]) =>
  ({ method, budget, needs: stageRunIds.map((stageRunId) => ({ stageRunId })) }) as unknown as Trial;

test("a stage run is named by the methods and budgets whose trials need it", () => {
  const subjectOf = stageSubjects([
    trial("senet++", 10, "ar", "search"),
    trial("senet", 10, "ar", "search"),
    trial("continuation", 20, "ar", "descent"),
    trial("continuation", 10, "ar", "descent"),
    trial("ar", null, "ar"),
  ]);
  expect(subjectOf(run("ar", "train"))).toEqual({ model: "resnet8", methods: [], budgets: [], seed: 1 });
  expect(subjectOf(run("search", "mask-search", 10))).toMatchObject({ methods: ["senet", "senet++"], budgets: [10] });
  expect(subjectOf(run("descent", "mask-search", 10))).toMatchObject({ methods: ["continuation"], budgets: [10, 20] });
  expect(subjectOf(run("other", "mask-search", 30))).toMatchObject({ methods: [], budgets: [30] });
});
