import type {
  AttemptState,
  Precision,
  SlotResources,
  StageKind,
  StageParams,
  StageRunState,
} from "@reluctant/contracts";
import { arrayOf, boolean, float, int, json, nullable, text, uuid, word } from "../postgres-types.ts";
import { statement } from "../statement.ts";

const ids = { id: text };
const states = { id: text, state: word<StageRunState>() };

/** `params` is the place of its parameters among those of the statement. */
interface NewStageRun {
  scopeTeamId: string | null;
  stageKey: string;
  kind: string;
  implementation: string;
  version: number;
  params: number;
  precision: Precision;
  seed: number;
  datasetVersion: string;
  waitingFor: number;
}
export const insertStageRuns = statement("insert-stage-runs", {
  takes: {
    stageRuns: json<readonly NewStageRun[]>(),
    params: json<readonly StageParams[]>(),
    pool: text,
    resources: json<SlotResources>(),
  },
  gives: { ...states, stageKey: text },
});
interface NewInput {
  stageRunId: string;
  name: string;
  sourceStageRunId: string | null;
  variant: string;
  sha256: string | null;
}
export const insertStageRunInputs = statement("insert-stage-run-inputs", {
  takes: { inputs: json<readonly NewInput[]>() },
});

/** A team that a stage run is private to, or null, and its stage key. */
interface ScopedKey {
  scopeTeamId: string | null;
  stageKey: string;
}
export const liveStageRuns = statement("live-stage-runs", {
  takes: { keys: json<readonly ScopedKey[]>() },
  gives: { ...states, stageKey: text },
});
export const shareLiveStageRuns = statement("share-live-stage-runs", {
  takes: { keys: json<readonly ScopedKey[]>() },
  gives: { ...states, stageKey: text },
});

export const lockConsumers = statement("lock-consumers", {
  takes: { stageRunIds: arrayOf(uuid) },
  gives: ids,
});
export const lockUnfinishedStageRuns = statement("lock-unfinished-stage-runs", {
  takes: { stageRunIds: arrayOf(uuid) },
  gives: states,
});
export const lockStageRunsOfExperiment = statement("lock-stage-runs-of-experiment", {
  takes: { experimentId: uuid },
  gives: ids,
});
export const unblockStageRuns = statement("unblock-stage-runs", {
  takes: { stageRunIds: arrayOf(uuid) },
  gives: states,
});
export const adoptCheckpoints = statement("adopt-checkpoints", { takes: { stageRunIds: arrayOf(uuid) } });
export const requeueStageRun = statement("requeue-stage-run", {
  takes: { stageRunId: uuid, failures: int, failedStep: int, delaySeconds: float },
  gives: ids,
});
export const nodeFailures = statement("node-failures", { takes: { stageRunId: uuid }, gives: { count: int } });
export const failStageRun = statement("fail-stage-run", {
  takes: { stageRunId: uuid, reason: text, failures: int },
  gives: ids,
});
export const cancelStageRuns = statement("cancel-stage-runs", { takes: { stageRunIds: arrayOf(uuid), reason: text } });
export const unneededStageRuns = statement("unneeded-stage-runs", {
  takes: { stageRunIds: arrayOf(uuid) },
  gives: { ...states, after: text, attemptId: nullable(text), attemptState: nullable(word<AttemptState>()) },
});

export const pausedStageRuns = statement("paused-stage-runs", {
  takes: { stageRunIds: nullable(arrayOf(uuid)) },
  gives: { id: text, attemptId: text },
});
export const readyStageRuns = statement("ready-stage-runs", { takes: { stageRunIds: arrayOf(uuid) } });

export const waitingFacts = statement("waiting-facts", {
  takes: { stageRunId: uuid, leaseSeconds: int, halfLifeSeconds: float },
  gives: {
    state: word<"blocked" | "ready" | "active">(),
    kind: word<StageKind>(),
    pool: text,
    inputs: json<{ kind: StageKind; state: StageRunState }[]>(),
    dispatchable: boolean,
    /** A trial of an experiment that goes on is paused by itself. */
    pausedAlone: boolean,
    /** Whose quota is used up, and hard, where that holds for every team that needs it. */
    teamOverQuota: nullable(text),
    retryInSeconds: nullable(float),
    slots: int,
    freeSlots: int,
  },
});

export const isNeeded = statement("is-needed", { takes: { stageRunId: uuid }, gives: { needed: boolean } });
export const trialsThatNeed = statement("trials-that-need", { takes: { stageRunId: uuid }, gives: ids });
/** Answers the stage runs that they waited for. */
export const releaseNeedsOfTrials = statement("release-needs-of-trials", {
  takes: { trialIds: arrayOf(uuid) },
  gives: ids,
});
/** Answers the stage runs that it waited for. */
export const releaseNeedsOfExperiment = statement("release-needs-of-experiment", {
  takes: { experimentId: uuid },
  gives: ids,
});
