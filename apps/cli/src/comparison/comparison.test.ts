import { readFileSync } from "node:fs";
import type { Experiment, FrontierPoint, Trial } from "@reluctant/contracts";
import type { Plotted } from "@reluctant/plot";
import { describe, expect, it } from "vitest";
import { parseYaml } from "../yaml-file.ts";
import { type Comparison, comparisonOf } from "./file.ts";
import { markdownOf, type Report } from "./markdown.ts";
import { type Run, tableOf } from "./results.ts";

const parseComparison = (path: string, text: string) => comparisonOf(path, parseYaml(path, text));

const written = `
title: Small
common: { dataset: cifar10, model: resnet8, recipe: debug, arSeed: 1, settings: { distillation: { flip: false } } }
groups:
  - title: Methods
    against: Uniform random
    exchanges: true
    experiments:
      - { methods: [senet, uniform-random], budgets: ["20%"], seeds: [1, 2] }
  - title: Rates
    accuracy: validation
    experiments:
      - { label: slow, methods: senet, budgets: ["20%"], settings: { distillation: { learningRate: 0.01 } } }
`;

describe("the file", () => {
  it("puts an experiment's own fields above the common ones, and merges settings value by value", () => {
    const { groups } = parseComparison("small.yaml", written);
    expect(groups[0]?.members[0]?.spec).toEqual({
      name: "Small - Methods",
      dataset: "cifar10",
      model: "resnet8",
      recipe: "debug",
      arSeed: 1,
      methods: ["senet", "uniform-random"],
      budgets: ["20%"],
      seeds: [1, 2],
      settings: { distillation: { flip: false } },
    });
    expect(groups[1]?.members[0]?.spec.settings).toEqual({ distillation: { flip: false, learningRate: 0.01 } });
  });

  it.each([
    ["groups: [1", "small.yaml is not YAML or JSON"],
    ["title: x", "small.yaml is not a valid comparison"],
    [written.replace("flip: false", "flipp: false"), "small.yaml is not a valid comparison"],
    [written.replace("arSeed: 1", "arSeed: one"), "small.yaml is not a valid comparison"],
  ])("refuses what it cannot be: %#", (text, message) => {
    expect(() => parseComparison("small.yaml", text)).toThrow(message);
  });

  it("refuses two groups whose plots would be one file", () => {
    const fault = written.replace("title: Rates", "title: a.method").replace("title: Methods", "title: A method");
    expect(() => parseComparison("small.yaml", fault)).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field: "groups[1].title" })] }),
    );
  });

  it("names the experiment whose spec is at fault", () => {
    const fault = written.replace(`budgets: ["20%"], seeds`, "budgets: [0.1], seeds");
    try {
      parseComparison("small.yaml", fault);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ errors: [{ field: "groups[0].experiments[0].budgets[0]" }] });
    }
  });

  it.each(["cifar10-resnet8", "cifar10-resnet20"])("the comparison %s that ships is valid", (name) => {
    const path = new URL(`../../../../examples/comparisons/${name}.yaml`, import.meta.url);
    expect(parseComparison(name, readFileSync(path, "utf8")).groups.length).toBeGreaterThan(0);
  });
});

describe("the page", () => {
  const comparison = parseComparison("small.yaml", written);
  const page = (runs: readonly Run[]) => markdownOf(reportOf(comparison, runs));

  it("shows means over seeds, reached counts, pairs and exchanges", () => {
    const text = page([runOf({ senet: [0.6, 0.62], "uniform-random": [0.4, 0.42] })]);
    expect(text).toContain("One AR model (seed 1, 128,000 images) serves every row; seeds vary");
    expect(text).toContain("AR: validation 70.00 %, test 71.00 %");
    expect(text).toContain("| SENet | 61.00 ± 1.00 (2) at 14,000 | 30k |");
    expect(text).toContain("| SENet | 20 % | 20.00 ± 0.98 | beats Uniform random (2 pairs) |");
    expect(text).toContain("| SENet | 20 % | 1 | 50 → 25 |");
    expect(text).toContain(
      "![Methods: test accuracy by ReLU count](small-methods.svg)\n\nSmallest budget within 1 point of AR on validation: 14,745 ReLUs (20.0 %), validation 69.5 %, test 61.0 %.",
    );
  });

  it("names the sensitivity run that its rows share", () => {
    const run = runOf({ senet: [0.6] });
    run.experiment.stageRuns.push(stageRun("sensitivity", { images: 45_000 }));
    expect(page([run])).toContain("and one sensitivity run (45,000 images) serve every row");
  });

  it("names rows by the label alone, or beside the methods that share it", () => {
    expect(page([runOf({ senet: [0.6] }, "slow")])).toContain("| slow | 60.00 at");
    expect(page([runOf({ senet: [0.6], snl: [0.5] }, "slow")])).toContain("| SNL, slow | 50.00 at");
  });

  it("says what has no result yet", () => {
    const text = page([runOf({ senet: [0.6, null], "uniform-random": [null, null] })]);
    expect(text).toContain("| SENet | 60.00 at 14,000 | 30k (1 not run) |");
    expect(text).toContain("| Uniform random | – | 0 (2 not run) |");
  });
});

/** Trials of seeds 1, 2, … at 14,745 ReLUs, by method: their test accuracies, or null where none is there. */
function runOf(accuracies: Record<string, (number | null)[]>, label?: string): Run {
  const train = stageRun("train", { images: 128_000, reluCount: 73_728, validationAccuracy: 0.7, testAccuracy: 0.71 });
  const stageRuns = [train];
  const trials = Object.entries(accuracies).flatMap(([method, values]) =>
    values.map((testAccuracy, index) => {
      const history = method === "senet" ? [{ distance: 0.5 }, { distance: 0.25 }] : [];
      const search = stageRun("mask-search", { images: 10_000, history });
      const reached = { images: 20_000, reluCount: 14_000, validationAccuracy: 0.5, testAccuracy };
      const tuned = stageRun("distillation", testAccuracy === null ? null : reached);
      stageRuns.push(search, tuned);
      const needs = [search, tuned].map(({ id, kind }) => ({ stageRunId: id, kind }));
      return { method, budget: 14_745, seed: index + 1, needs } as unknown as Trial;
    }),
  );
  const experiment = { stageRuns, methods: Object.keys(accuracies) } as unknown as Experiment;
  return { label, experiment, trials };
}

let made = 0;
const stageRun = (kind: string, result: object | null) =>
  ({
    id: `stage-run-${++made}`,
    kind,
    seed: 1,
    result: result && { kind, ...result },
  }) as unknown as Experiment["stageRuns"][number];

const reached = (change: Partial<FrontierPoint>): FrontierPoint => ({
  id: "point",
  stageRunId: "stage run",
  experimentId: null,
  trialId: null,
  variant: "full",
  method: "senet",
  recipe: "debug",
  seed: 1,
  budget: null,
  reluCount: 73_728,
  polynomialUnits: 0,
  measurements: [],
  convention: "all",
  source: null,
  macs: 12e6,
  images: 128_000,
  gpuSeconds: 1,
  validationAccuracy: 0.7,
  testAccuracy: 0.71,
  onFrontier: true,
  suspect: null,
  ...change,
});
const frontier: Plotted = {
  dataset: "cifar10",
  datasetVersion: "0".repeat(64),
  model: "resnet8",
  classes: 10,
  totalRelus: 73_728,
  points: [
    reached({ method: "ar" }),
    reached({ budget: 14_745, reluCount: 14_745, validationAccuracy: 0.695, testAccuracy: 0.61 }),
  ],
};

const reportOf = ({ groups, title }: Comparison, runs: readonly Run[]): Report => ({
  title,
  about: undefined,
  command: "npx reluctant compare small.yaml",
  dataset: "cifar10",
  model: "resnet8",
  totalRelus: 73_728,
  testImages: 5_000,
  precision: "fp32",
  engines: [],
  runs,
  tables: groups.slice(0, 1).map((group) => tableOf(group, runs)),
  plots: new Map(groups.slice(0, 1).map((group) => [group, { file: "small-methods.svg", frontier }])),
});
