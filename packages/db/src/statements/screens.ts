import type {
  ArtifactRef,
  Attempt,
  AttemptState,
  ExperimentState,
  Granularity,
  NeedOrigin,
  ParamsOf,
  Precision,
  Progress,
  ResultOf,
  SlotResources,
  StageKind,
  StageParams,
  StageResult,
  StageRun,
  StageRunState,
  Trial,
} from "@reluctant/contracts";
import type { Mean, TrialNeed } from "@reluctant/relu";
import {
  arrayOf,
  boolean,
  bytes,
  float,
  int,
  json,
  nullable,
  smallint,
  text,
  timestamp,
  uuid,
  word,
} from "../postgres-types.ts";
import { type RowOf, statement } from "../statement.ts";

const summary = {
  id: uuid,
  teamId: uuid,
  name: text,
  state: word<ExperimentState>(),
  reason: nullable(text),
  owner: text,
  dataset: text,
  datasetVersion: text,
  model: text,
  recipe: text,
  granularity: word<Granularity>(),
  precision: word<Precision>(),
  priority: smallint,
  pool: text,
  createdAt: timestamp,
  finishedAt: nullable(timestamp),
  trials: int,
  methods: arrayOf(text),
  budgets: arrayOf(int),
  seeds: arrayOf(int),
  total: int,
  succeeded: int,
  cached: int,
  active: int,
  waiting: int,
  failed: int,
  cancelled: int,
  gpuSeconds: float,
  imagesLeft: float,
  imagesPerSecond: float,
  /** Its points, as means over the seeds. */
  reached: json<Mean[]>(),
};
export const experimentSummary = statement("experiment-summary", { takes: { experimentId: uuid }, gives: summary });
export const experimentSummaries = statement("experiment-summaries", {
  takes: { experimentIds: arrayOf(uuid) },
  gives: summary,
});
export const talliedExperimentSummary = statement("tallied-experiment-summary", {
  takes: { experimentId: uuid },
  gives: summary,
});
export type ExperimentSummaryRow = RowOf<typeof experimentSummaries>;

export const listExperiments = statement("list-experiments", {
  takes: {
    teamId: nullable(uuid),
    state: nullable(word<ExperimentState>()),
    search: nullable(text),
    afterTime: nullable(timestamp),
    afterId: nullable(uuid),
    limit: int,
  },
  gives: { id: text, createdAt: timestamp, tallied: boolean },
});

export const stageRuns = statement("stage-runs", {
  takes: { stageRunIds: arrayOf(uuid), experimentId: nullable(uuid), leaseSeconds: int },
  gives: {
    id: uuid,
    stageKey: text,
    kind: word<StageKind>(),
    implementation: text,
    version: int,
    params: json<StageParams>(),
    precision: word<Precision>(),
    seed: int,
    datasetVersion: text,
    pool: text,
    state: word<StageRunState>(),
    reason: nullable(text),
    /** Why no living worker could take it, where it is ready and none could. */
    unservable: nullable(text),
    result: nullable(json<StageResult>()),
    createdAt: timestamp,
    finishedAt: nullable(timestamp),
    origin: nullable(word<NeedOrigin>()),
    trials: int,
    attempts: int,
    progress: nullable(json<Progress>()),
    inputs: json<StageRun["inputs"]>(),
    artifacts: json<ArtifactRef[]>(),
    resources: json<SlotResources>(),
  },
});
export type StageRunRow = RowOf<typeof stageRuns>;
export const stageRunsOfExperiment = statement("stage-runs-of-experiment", {
  takes: { experimentId: uuid },
  gives: { id: text },
});
export const accessToStageRun = statement("access-to-stage-run", {
  takes: { stageRunId: uuid, teamId: nullable(uuid) },
  gives: { own: boolean },
});

export const latestRevision = statement("latest-revision", {
  takes: { experimentId: uuid },
  gives: { number: int, spec: json<Record<string, unknown>>() },
});
export const pageOfTrials = statement("page-of-trials", {
  takes: { experimentId: uuid, after: int, limit: int },
  gives: { id: text, number: int },
});
export const experimentOfTrial = statement("experiment-of-trial", {
  takes: { trialId: uuid },
  gives: { id: text, teamId: text },
});
export const trials = statement("trials", {
  takes: { trialIds: arrayOf(uuid) },
  gives: {
    id: uuid,
    experimentId: uuid,
    number: int,
    method: text,
    model: text,
    budget: nullable(int),
    seed: int,
    experimentState: word<ExperimentState>(),
    needs: json<(Trial["needs"][number] & TrialNeed)[]>(),
    priority: smallint,
    reason: nullable(text),
    reluCount: nullable(int),
    validationAccuracy: nullable(float),
    testAccuracy: nullable(float),
  },
});
export type TrialRow = RowOf<typeof trials>;

export const attemptsOfStageRun = statement("attempts-of-stage-run", {
  takes: { stageRunId: uuid },
  gives: {
    id: uuid,
    stageRunId: uuid,
    number: int,
    state: word<Attempt["state"]>(),
    worker: nullable(text),
    engine: nullable(json<NonNullable<Attempt["engine"]>>()),
    startStep: nullable(int),
    step: nullable(int),
    inexact: boolean,
    reason: nullable(text),
    failure: nullable(json<NonNullable<Attempt["failure"]>>()),
    gpuSeconds: float,
    queuedAt: timestamp,
    startedAt: nullable(timestamp),
    endedAt: nullable(timestamp),
  },
});
export const loggedAttempt = statement("logged-attempt", {
  takes: { attemptId: uuid },
  gives: { stageRunId: text, state: word<AttemptState>() },
});
export const logChunks = statement("log-chunks", {
  takes: { attemptId: uuid, offset: int, limit: int },
  gives: { offset: int, bytes },
});

const ofFrontier = { datasetVersion: text, model: text, teamId: nullable(uuid) };
export const pointsOfFrontier = statement("points-of-frontier", { takes: ofFrontier, gives: { id: text } });
export const pointsOfTrial = statement("points-of-trial", { takes: { trialId: uuid }, gives: { id: text } });
export const frontierCorners = statement("frontier-corners", { takes: ofFrontier, gives: { id: text } });
export const frontierMeans = statement("frontier-means", {
  takes: ofFrontier,
  gives: { method: text, reluCount: float, validationAccuracy: float, testAccuracy: float },
});
export const measuredPoints = statement("measured-points", {
  takes: ofFrontier,
  gives: { pointIds: json<string[]>(), others: int },
});
export const ping = statement("ping", { takes: {}, gives: { answered: int } });
/** Adds points to their sums, and marks those that are on no frontier; answers how many were new. */
export const foldFrontier = statement("fold-frontier", { takes: { most: int }, gives: { points: int } });
export const frontierPoints = statement("frontier-points", {
  takes: { pointIds: arrayOf(uuid), teamId: nullable(uuid) },
  gives: {
    id: text,
    stageRunId: text,
    experimentId: nullable(text),
    trialId: nullable(text),
    variant: text,
    method: text,
    recipe: text,
    seed: int,
    budget: nullable(int),
    reluCount: int,
    polynomialUnits: int,
    convention: text,
    source: nullable(json<{ sha256: string; name: string | null }>()),
    macs: float,
    images: float,
    gpuSeconds: float,
    validationAccuracy: float,
    testAccuracy: float,
    suspect: nullable(text),
  },
});
export type FrontierPointRow = RowOf<typeof frontierPoints>;

export const pointsThatBegin = statement("points-that-begin", {
  takes: { first: uuid, last: uuid, teamId: uuid, limit: int },
  gives: {
    id: text,
    variant: text,
    method: text,
    budget: nullable(int),
    seed: int,
    reluCount: int,
    model: text,
    dataset: text,
    datasetVersion: text,
    stageKey: text,
    experimentId: nullable(text),
    trialId: nullable(text),
  },
});

export const measurementsOfPoints = statement("measurements-of-points", {
  takes: { pointIds: arrayOf(uuid) },
  gives: {
    pointId: text,
    stageRunId: text,
    implementation: text,
    params: json<ParamsOf<"private-inference">>(),
    result: json<ResultOf<"private-inference">>(),
    finishedAt: timestamp,
  },
});
export type MeasurementRow = RowOf<typeof measurementsOfPoints>;

export const throughputs = statement("throughputs", {
  takes: { model: text, inputShape: arrayOf(int), precision: word<Precision>(), pool: text, leaseSeconds: int },
  gives: {
    implementation: text,
    backend: text,
    device: text,
    /** The worker's. */
    threads: int,
    /** Of the attempts. */
    measuredThreads: int,
    imagesPerSecond: float,
    overheadSeconds: float,
    waiting: nullable(float),
    attempts: int,
  },
});
