import type {
  ArtifactRef,
  Attempt,
  Event,
  ExperimentState,
  FrontierPoint,
  Granularity,
  NeedOrigin,
  Precision,
  Progress,
  ProgressCounts,
  StageKind,
  StageParams,
  StageResult,
  StageRunState,
  Throughput,
  UnusableDataset,
  Worker,
} from "@reluctant/contracts";
import type { Mean } from "@reluctant/relu";
import { statement } from "../statement.ts";
import type { MetricBlockRow } from "./attempts.ts";

export interface ExperimentSummaryRow extends ProgressCounts {
  id: string;
  teamId: string;
  name: string;
  state: ExperimentState;
  reason: string | null;
  owner: string;
  dataset: string;
  datasetVersion: string;
  model: string;
  recipe: string;
  granularity: Granularity;
  precision: Precision;
  priority: number;
  pool: string;
  createdAt: Date;
  finishedAt: Date | null;
  trials: number;
  methods: string[];
  budgets: number[];
  seeds: number[];
  gpuSeconds: number;
  imagesLeft: number;
  imagesPerSecond: number;
  /** Its points, as means over the seeds. */
  reached: Mean[];
}
export const experimentSummaryRows = statement<[experimentIds: string[]], ExperimentSummaryRow>("experiment-summaries");
export const listExperimentRows = statement<
  [
    team: string | null,
    state: string | null,
    search: string | null,
    afterTime: string | null,
    afterId: string | null,
    limit: number,
  ],
  { id: string; createdAt: Date }
>("list-experiments");

export interface StageRunRow {
  id: string;
  stageKey: string;
  kind: StageKind;
  implementation: string;
  version: number;
  params: StageParams;
  precision: Precision;
  seed: number;
  state: StageRunState;
  reason: string | null;
  result: StageResult | null;
  createdAt: Date;
  finishedAt: Date | null;
  origin: NeedOrigin | null;
  trials: number;
  attempts: number;
  progress: Progress | null;
  inputs: { name: string; stageRunId: string | null; variant: string; artifact: string | null }[];
  artifacts: ArtifactRef[];
}
export const stageRunRows = statement<
  [stageRunIds: string[], experimentId: string | null, silentSeconds: number],
  StageRunRow
>("stage-runs");
export const stageRunsOfExperiment = statement<[experimentId: string], { id: string }>("stage-runs-of-experiment");

export interface TrialRow {
  id: string;
  experimentId: string;
  number: number;
  method: string;
  model: string;
  budget: number | null;
  seed: number;
  experimentState: ExperimentState;
  needs: { stageRunId: string; kind: StageKind; origin: NeedOrigin; state: StageRunState }[];
  reason: string | null;
  reluCount: number | null;
  validationAccuracy: number | null;
  testAccuracy: number | null;
}
export const trialRows = statement<[trialIds: string[]], TrialRow>("trials");

export const standingOfStageRun = statement<[stageRunId: string, team: string | null], { own: boolean }>(
  "standing-of-stage-run",
);

export type AttemptRow = Omit<Attempt, "queuedAt" | "startedAt" | "endedAt"> & {
  queuedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
};
export const attemptRows = statement<[stageRunId: string], AttemptRow>("attempts-of-stage-run");
export const metricBlockRows = statement<
  [stageRunId: string, series: string[] | null, afterStep: number],
  MetricBlockRow
>("metrics");
export const logChunkRows = statement<
  [attemptId: string, offset: number, limit: number],
  { offset: number; bytes: Uint8Array }
>("log-chunks");
export const pointsOfFrontier = statement<[datasetVersion: string, model: string, team: string | null], { id: string }>(
  "points-of-frontier",
);
export type FrontierPointRow = Omit<FrontierPoint, "onFrontier">;
export const frontierPointRows = statement<[pointIds: string[], team: string | null], FrontierPointRow>(
  "frontier-points",
);
export const throughputRows = statement<
  [model: string, inputShape: number[], precision: Precision, pool: string, silentSeconds: number],
  Omit<Throughput, "estimatedFrom"> & { implementation: string; measuredThreads: number }
>("throughputs");
export const workerRows = statement<
  [leaseSeconds: number, workerId: string | null],
  Omit<Worker, "startedAt" | "lastBeatAt"> & { startedAt: Date; lastBeatAt: Date }
>("workers");
export const unusableDatasetRows = statement<[leaseSeconds: number], UnusableDataset & { workers: string[] }>(
  "unusable-datasets",
);
export const eventRows = statement<
  [xid: string, id: bigint, team: string | null, experimentId: string | null, limit: number],
  Omit<Event, "at"> & { at: Date }
>("read-events");
