import type { Experiment, ResultOf, StageResult, StageRun, Trial } from "@reluctant/contracts";
import { methods } from "@reluctant/stages/definitions";
import type { Group } from "./file.ts";

/** An experiment of a comparison as it stands, finished or not. */
export interface Run {
  label: string | undefined;
  experiment: Experiment;
  trials: readonly Trial[];
}

/** What one trial, or one narrower width of it, reached. */
export interface Point {
  label: string;
  method: string;
  budget: number;
  seed: number;
  /** `full`, or the share of the channels. */
  width: string;
  reluCount: number;
  macs: number | null;
  polynomialUnits: number;
  validationAccuracy: number;
  testAccuracy: number;
}

/** A row of a table: one label's points, and what they cost. */
export interface TableRow {
  label: string;
  points: readonly Point[];
  /** Training images of the searches and fine-tunes behind its points, each stage run counted once. */
  images: number;
  /** Trials that have no result (yet). */
  missing: number;
  /** Share of the kept units that each update of the masks exchanged, by budget and seed. */
  exchanges: readonly { budget: number; seed: number; distances: readonly number[] }[];
}

export interface Table {
  group: Group;
  rows: readonly TableRow[];
}

/** The all-ReLU model that a comparison's trials share. */
export interface ArModel {
  seed: number;
  images: number;
  validationAccuracy: number;
  testAccuracy: number;
}

/** One row for each label, in the order of the file. */
export function tableOf(group: Group, runs: readonly Run[]): Table {
  const byLabel = new Map<string, { run: Run; trial: Trial }[]>();
  for (const run of runs) {
    for (const trial of run.trials) {
      const label = labelOf(run, trial);
      byLabel.set(label, [...(byLabel.get(label) ?? []), { run, trial }]);
    }
  }
  return { group, rows: [...byLabel].map(([label, members]) => rowOf(label, members)) };
}

function rowOf(label: string, members: readonly { run: Run; trial: Trial }[]): TableRow {
  const own = new Map<string, StageRun>();
  const points: Point[] = [];
  const exchanges: TableRow["exchanges"][number][] = [];
  let missing = 0;
  for (const { run, trial } of members) {
    const search = stageOf(run, trial, "mask-search");
    const tuned = stageOf(run, trial, "distillation");
    const found = pointsOf(label, trial, tuned);
    if (found.length === 0) missing++;
    else for (const stageRun of [search, tuned]) if (stageRun) own.set(stageRun.id, stageRun);
    points.push(...found);
    const history = resultOf(search, "mask-search")?.history ?? [];
    exchanges.push({
      budget: trial.budget as number,
      seed: trial.seed,
      distances: history.map(({ distance }) => distance),
    });
  }
  const images = [...own.values()].reduce(
    (sum, { result }) => sum + (result && "images" in result ? result.images : 0),
    0,
  );
  return { label, points, images, missing, exchanges };
}

function pointsOf(label: string, trial: Trial, tuned: StageRun | undefined): Point[] {
  const result = resultOf(tuned, "distillation");
  if (!result) return [];
  const common = { label, method: trial.method, budget: trial.budget as number, seed: trial.seed };
  const { reluCount, validationAccuracy, testAccuracy, polynomialUnits = 0 } = result;
  return [
    { ...common, width: "full", reluCount, macs: null, polynomialUnits, validationAccuracy, testAccuracy },
    ...Object.entries(result.variants ?? {}).map(([width, narrow]) => ({
      ...common,
      width,
      polynomialUnits: 0,
      ...narrow,
    })),
  ];
}

/** The AR model of the first run that has one; comparisons pin it by `arSeed`. */
export function arModelOf(runs: readonly Run[]): ArModel | null {
  for (const { experiment } of runs) {
    for (const stageRun of experiment.stageRuns) {
      const result = resultOf(stageRun, "train");
      if (result) return { seed: stageRun.seed, ...result };
    }
  }
  return null;
}

/** Images of the sensitivity run that the trials share; 0 where none was needed. */
export const sensitivityImages = (runs: readonly Run[]): number =>
  runs
    .flatMap(({ experiment }) => experiment.stageRuns)
    .map((stageRun) => resultOf(stageRun, "sensitivity")?.images ?? 0)
    .reduce((most, images) => Math.max(most, images), 0);

const stageOf = ({ experiment }: Run, trial: Trial, kind: StageRun["kind"]): StageRun | undefined => {
  const id = trial.needs.find((need) => need.kind === kind)?.stageRunId;
  return experiment.stageRuns.find((stageRun) => stageRun.id === id);
};

const resultOf = <K extends StageResult["kind"]>(stageRun: StageRun | undefined, kind: K): ResultOf<K> | null =>
  stageRun?.result?.kind === kind ? (stageRun.result as ResultOf<K>) : null;

/** An experiment's label says what sets its rows apart, so of several methods it names each. */
function labelOf({ label, experiment }: Run, { method }: Trial): string {
  const title = methods[method]?.title ?? method;
  if (label === undefined) return title;
  return experiment.methods.length > 1 ? `${title}, ${label}` : label;
}
