import type {
  ArtifactRef,
  AttemptState,
  InputName,
  inputRole,
  Precision,
  Progress,
  RecordedFailure,
  SlotResources,
  StageKind,
  StageParams,
  StageResult,
  StageRunState,
  StopWay,
} from "@reluctant/contracts";
import type { EndedAttemptState, Loss } from "@reluctant/relu";
import { arrayOf, boolean, bytes, float, int, json, nullable, text, uuid, word } from "../postgres-types.ts";
import { type RowOf, statement } from "../statement.ts";

/** An attempt and its stage run, both locked. */
export const lockAttempt = statement("lock-attempt", {
  takes: { attemptId: uuid },
  gives: {
    id: text,
    number: int,
    state: word<AttemptState>(),
    epoch: nullable(int),
    stop: nullable(word<StopWay>()),
    /** Why it was asked to stop; null while nobody has. */
    reason: nullable(text),
    teamId: text,
    worker: nullable(text),
    step: nullable(int),
    /** Whether its lease has run out. */
    expired: boolean,
    stageRunId: text,
    stageRunState: word<StageRunState>(),
    kind: word<StageKind>(),
    /** Its standing: see afterEnding. */
    failures: int,
    failedStep: int,
    checkpointStep: int,
  },
});
export type LockedAttempt = RowOf<typeof lockAttempt>;
/** Of attempts and their stage runs those that could be locked without waiting. */
export const holdAttempts = statement("hold-attempts", {
  takes: { attemptIds: arrayOf(uuid) },
  gives: {
    id: text,
    state: word<AttemptState>(),
    epoch: nullable(int),
    stageRunId: text,
    kind: word<StageKind>(),
  },
});
export type HeldAttempt = RowOf<typeof holdAttempts>;
/** For a command that need not wait: a row when the two are this transaction's now. */
export const tryLockAttempt = statement("try-lock-attempt", {
  takes: { attemptId: uuid, leaseSeconds: float, maxGapSeconds: float },
  gives: { id: text },
});

/** As relu's `judgeLosses` takes it. */
export const lossHistory = statement("loss-history", {
  takes: { stageRunId: uuid, leaseSeconds: int },
  gives: { losses: json<Loss[]>(), workers: json<string[]>() },
});

export const fitOfWorker = statement("fit-of-worker", {
  takes: { attemptId: uuid, workerId: uuid },
  gives: {
    registered: boolean,
    /** Null when it is neither drained nor quarantined. */
    outOfService: nullable(text),
    pool: boolean,
    version: boolean,
    dataset: boolean,
    precision: boolean,
    resources: boolean,
    free: boolean,
    implementation: text,
    wantedVersion: int,
    wantedPool: text,
    wantedDataset: text,
    wantedPrecision: word<Precision>(),
    wantedResources: json<SlotResources>(),
  },
});
export type WorkerFit = RowOf<typeof fitOfWorker>;

interface Claim {
  attemptId: string;
  workerId: string;
}
export const claimAttempts = statement("claim-attempts", {
  takes: { claims: json<readonly Claim[]>(), leaseSeconds: int, roles: json<typeof inputRole>() },
  gives: {
    attemptId: text,
    stageRunId: text,
    number: int,
    epoch: int,
    implementation: text,
    version: int,
    params: json<StageParams>(),
    precision: word<Precision>(),
    seed: int,
    datasetVersion: text,
    startStep: int,
    resumeSha256: nullable(text),
    inputs: json<Partial<Record<InputName, string>>>(),
  },
});
export type ClaimedAttempt = RowOf<typeof claimAttempts>;

export const missingInputs = statement("missing-inputs", {
  takes: { stageRunId: uuid, roles: json<typeof inputRole>() },
  gives: { name: text, stageRunId: text, variant: text },
});
interface Completion {
  attemptId: string;
  result: StageResult;
  artifacts: readonly Pick<ArtifactRef, "variant" | "role" | "sha256">[];
}
export const completeAttempts = statement("complete-attempts", {
  takes: { completions: json<readonly Completion[]>() },
  gives: { id: text },
});

interface Beat {
  attemptId: string;
  epoch: number;
  progress: Progress | null;
}
export const beatAttempts = statement("beat-attempts", {
  takes: { beats: json<readonly Beat[]>(), leaseSeconds: int },
  gives: {
    attemptId: text,
    state: nullable(word<"running" | "stopping">()),
    stop: nullable(word<StopWay>()),
    unbilled: nullable(float),
    held: boolean,
  },
});
export const waitForAttempt = statement("wait-for-attempt", { takes: { attemptId: uuid }, gives: { id: text } });
export const billAttempt = statement("bill-attempt", { takes: { attemptId: uuid } });
export const foldUsage = statement("fold-usage", { takes: { halfLifeSeconds: float } });
export const fence = statement("fence", { takes: { attemptId: uuid, epoch: int }, gives: { stageRunId: text } });
export const appendLog = statement("append-log", {
  takes: { attemptId: uuid, epoch: int, offset: int, bytes },
  gives: { id: text },
});
export const endAttempt = statement("end-attempt", {
  takes: {
    attemptId: uuid,
    state: word<EndedAttemptState>(),
    reason: nullable(text),
    failure: nullable(json<RecordedFailure>()),
    step: nullable(int),
    from: arrayOf(word<AttemptState>()),
  },
  gives: { id: text },
});

export const recordCheckpoint = statement("record-checkpoint", {
  takes: { stageRunId: uuid, attemptId: uuid, step: int, sha256: text },
});
export const trimCheckpoints = statement("trim-checkpoints", { takes: { stageRunId: uuid, keep: int } });

const metricBlock = { series: text, block: int, steps: arrayOf(int), values: arrayOf(float) };
export const metricTails = statement("metric-tails", {
  takes: { stageRunId: uuid, series: arrayOf(text), firstSteps: arrayOf(int) },
  gives: metricBlock,
});
export type MetricBlock = RowOf<typeof metricTails>;
export const putMetricBlocks = statement("put-metric-blocks", {
  takes: { stageRunId: uuid, blocks: json<readonly MetricBlock[]>() },
});
export const metricExtremes = statement("metric-extremes", {
  takes: { stageRunId: uuid, series: nullable(arrayOf(text)), afterStep: int, most: int, blockSize: int },
  gives: metricBlock,
});
export const metricBlocks = statement("metric-blocks", {
  takes: { stageRunId: uuid, series: nullable(arrayOf(text)), afterStep: int },
  gives: metricBlock,
});

export const endLease = statement("end-lease", { takes: { attemptId: uuid } });
export const expiredAttempts = statement("expired-attempts", { takes: {}, gives: { id: text } });
/** Queued attempts end; running ones are asked to stop. */
export const stopAttempts = statement("stop-attempts", {
  takes: { attemptIds: arrayOf(uuid), how: word<StopWay>(), reason: text },
  gives: {
    id: text,
    stageRunId: text,
    number: int,
    state: word<"cancelled" | "stopping">(),
    worker: nullable(text),
    step: nullable(int),
    after: text,
  },
});
