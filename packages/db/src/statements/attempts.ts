import type {
  ArtifactRef,
  AttemptState,
  Precision,
  StageKind,
  StageParams,
  StageRunState,
  StopWay,
} from "@reluctant/contracts";
import { attemptTransitions, type EndedAttemptState, statesBefore } from "@reluctant/relu";
import type { Tx } from "../database.ts";
import { move } from "../move.ts";
import { statement } from "../statement.ts";

/** An attempt and its stage run, both locked. */
export interface LockedAttempt {
  id: string;
  number: number;
  state: AttemptState;
  epoch: number | null;
  stop: StopWay | null;
  /** Why it was asked to stop; null while nobody has. */
  reason: string | null;
  teamId: string;
  worker: string | null;
  step: number | null;
  /** Whether its lease has run out. */
  expired: boolean;
  stageRunId: string;
  stageRunState: StageRunState;
  kind: StageKind;
  /** Its standing: see afterEnding. */
  failures: number;
  failedStep: number;
  checkpointStep: number;
}
export const lockAttempt = statement<[attemptId: string], LockedAttempt>("lock-stage-run-of-attempt");
/** For a command that need not wait: whether the two rows are this transaction's now. */
export const tryLockAttempt = statement<[attemptId: string], { id: string }>("try-lock-attempt");

/** As relu's `judgeLosses` takes it. */
export interface LossHistoryRow {
  losses: { worker: string; at: string; ageSeconds: number; step: number; alone: boolean }[];
  workers: string[];
}
export const lossHistory = statement<[stageRunId: string, leaseSeconds: number], LossHistoryRow>("loss-history");

export interface WorkerFit {
  registered: boolean;
  /** Why it is drained; null when it is not. */
  drained: string | null;
  pool: boolean;
  version: boolean;
  dataset: boolean;
  precision: boolean;
  free: boolean;
  implementation: string;
  wantedVersion: number;
  wantedPool: string;
  wantedDataset: string;
  wantedPrecision: Precision;
}
export const fitOfWorker = statement<[attemptId: string, workerId: string], WorkerFit>("fit-of-worker");

export interface ClaimedRow {
  stageRunId: string;
  number: number;
  epoch: number;
  implementation: string;
  version: number;
  params: StageParams;
  precision: Precision;
  seed: number;
  datasetVersion: string;
  startStep: number;
  resumeSha256: string | null;
  inputs: { name: string; sha256: string | null; source: string | null; variant: string }[];
}
export const claimAttemptRow = statement<[attemptId: string, workerId: string, leaseSeconds: number], ClaimedRow>(
  "claim-attempt",
);

/** `bytes` is a bigint, as all `bigint` columns are. */
export type StageRunArtifactRow = Omit<ArtifactRef, "bytes"> & { stageRunId: string; bytes: bigint };
export const artifactsOfStageRuns = statement<[stageRunIds: string[]], StageRunArtifactRow>("artifacts-of-stage-runs");

export const beatAttemptRow = statement<
  [attemptId: string, epoch: number, leaseSeconds: number, progress: string | null],
  { state: "running" | "stopping"; stop: StopWay | null; unbilled: number }
>("beat-attempt");
export const billAttempt = statement<[attemptId: string, halfLifeSeconds: number], never>("bill-attempt");
export const fence = statement<[attemptId: string, epoch: number], { stageRunId: string }>("fence");
export const appendLogChunk = statement<
  [attemptId: string, epoch: number, offset: number, bytes: Uint8Array],
  { id: string }
>("append-log");
const endAttempt =
  move<
    [state: EndedAttemptState, reason: string | null, failure: string | null, step: number | null, from: AttemptState[]]
  >("end-attempt");
export const endAttemptRow = (
  t: Tx,
  attemptId: string,
  state: EndedAttemptState,
  reason: string | null,
  failure: string | null,
  step: number | null,
): Promise<void> => endAttempt(t, attemptId, state, reason, failure, step, statesBefore(attemptTransitions, state));

export const recordCheckpointRow = statement<
  [stageRunId: string, attemptId: string, step: number, sha256: string],
  never
>("record-checkpoint");
export const trimCheckpoints = statement<[stageRunId: string, keep: number], never>("trim-checkpoints");

export interface MetricBlockRow {
  series: string;
  block: number;
  steps: number[];
  values: number[];
}
export const metricTails = statement<[stageRunId: string, series: string[], firstSteps: number[]], MetricBlockRow>(
  "metric-tails",
);
export const putMetricBlocks = statement<[stageRunId: string, blocks: string], never>("put-metric-blocks");

export const expiredAttempts = statement<[], { id: string }>("expired-attempts");
/** Queued attempts end; running ones are asked to stop. */
export const stopAttempts = statement<
  [attemptIds: string[], how: StopWay, reason: string],
  {
    id: string;
    stageRunId: string;
    number: number;
    state: "cancelled" | "stopping";
    worker: string | null;
    step: number | null;
  }
>("stop-attempts");
