import type { StageRun, Trial } from "@reluctant/contracts";
import { maskFigure } from "@reluctant/plot";
import { describe, expect, test } from "vitest";
import { stageRunOf, trialIn, trials, uuid } from "../../testing/fixtures.ts";
import { allocationOf, historyOf, maskMapsOf } from "../../testing/mask-fixtures.ts";
import { layerRows, maskChoices, trialUpdates } from "./trial-layers.ts";

const trial = trials[0] as Trial;
const budget = trial.budget as number;
const runsOf = ({ needs }: Trial) => needs.map(({ stageRunId }) => stageRunOf(stageRunId));
const runs = runsOf(trial);
const sha = (n: number) => String(n).padStart(64, "0");

/** The trial's runs, that of one kind changed. */
const changed = (kind: StageRun["kind"], change: (run: StageRun) => Partial<StageRun>): StageRun[] =>
  runs.map((run) => (run.kind === kind ? { ...run, ...change(run) } : run));

const masks = (variant: string, n: number) => ({
  role: "masks" as const,
  variant,
  sha256: sha(n),
  bytes: 1,
  mediaType: "",
});

describe("the masks of a trial", () => {
  test("are its search's, and those of the narrower networks beside them", () => {
    const [own] = (runs[2] as StageRun).artifacts.map(({ sha256 }) => sha256);
    expect(maskChoices(trial, runs)).toEqual([{ sha256: own, variant: "full" }]);
    const slim = changed("distillation", ({ artifacts }) => ({ artifacts: [...artifacts, masks("0.5", 7)] }));
    expect(maskChoices(trial, slim).map(({ variant }) => variant)).toEqual(["full", "0.5"]);
  });

  test("of a descent are those of the trial's budget, with the updates before it went on", () => {
    const passed = {
      budget,
      images: 128 * 39 * 11,
      reluCount: 1,
      allocation: [],
      validationAccuracy: 0.5,
    };
    const descent = changed("mask-search", (run) => ({
      artifacts: [masks("full", 1), masks(String(budget), 2)],
      result: {
        ...(run.result as object),
        history: historyOf(40),
        variants: { [String(budget)]: passed },
      } as unknown as StageRun["result"],
    }));
    const searched = descent.filter(({ kind }) => kind !== "distillation"); // until: mask-search
    expect(maskChoices(trial, searched)).toEqual([{ sha256: sha(2), variant: "full" }]);
    expect(trialUpdates(trial, searched)).toHaveLength(10);
    expect(trialUpdates(trial, runs)).toHaveLength(40);
  });

  test("that the user gave are drawn without a search; before there are any, there is nothing to choose", () => {
    const given = changed("distillation", () => ({
      inputs: [{ name: "student", stageRunId: null, variant: "full", artifact: sha(9) }],
    })).filter(({ kind }) => kind !== "mask-search");
    expect(maskChoices(trial, given)).toEqual([{ sha256: sha(9), variant: "full" }]);
    expect(trialUpdates(trial, given)).toEqual([]);
    const waiting = trialIn("waiting");
    expect(maskChoices(waiting, runsOf(waiting))).toEqual([]);
  });
});

test("layers come in the network's order with what is known of each", () => {
  const figure = maskFigure(maskMapsOf(budget), { title: "" });
  const names = allocationOf(100).map(({ layer }) => layer);
  const full = layerRows(runs, figure);
  expect(full.map(({ layer }) => layer)).toEqual(names);
  expect(full.every(({ sensitivity, panel }) => sensitivity !== null && panel !== null)).toBe(true);
  expect(layerRows(runs, null).every(({ panel }) => panel === null)).toBe(true);
  const random = runs.filter(({ id }) => id !== uuid(101));
  expect(layerRows(random, figure).every(({ sensitivity }) => sensitivity === null)).toBe(true);
});
