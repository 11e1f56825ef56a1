import type {
  ExperimentState,
  ExperimentSummary,
  Failure,
  Granularity,
  NeedOrigin,
  Precision,
  SlotResources,
} from "@reluctant/contracts";
import type { TrialNeed } from "@reluctant/relu";
import {
  arrayOf,
  bigint,
  boolean,
  int,
  json,
  nullable,
  smallint,
  text,
  timestamp,
  uuid,
  word,
} from "../postgres-types.ts";
import { statement } from "../statement.ts";

/** Others that lock the same name wait until this transaction ends. */
export const lockName = statement("lock-name", { takes: { name: text }, gives: { locked: text } });
export const shareName = statement("share-name", { takes: { name: text }, gives: { locked: text } });

export const insertExperiment = statement("insert-experiment", {
  takes: {
    experimentId: uuid,
    teamId: uuid,
    owner: text,
    name: text,
    /** 0 low, 1 normal, 2 high. */
    priority: smallint,
    pool: text,
    resources: json<SlotResources>(),
    datasetVersion: text,
    model: text,
    definitionHash: text,
    reluCount: int,
    params: bigint,
    macs: bigint,
    recipe: text,
    granularity: word<Granularity>(),
    precision: word<Precision>(),
    spec: json<unknown>(),
    parsed: json<unknown>(),
  },
  gives: { createdAt: timestamp },
});

const answer = { status: int, body: json<ExperimentSummary>(), experimentId: text };
export const firstAnswer = statement("first-answer", {
  takes: { teamId: uuid, key: text },
  gives: { ...answer, requestHash: text },
});
export const keepAnswer = statement("keep-answer", {
  takes: { teamId: uuid, key: text, requestHash: text, ...answer, experimentId: uuid },
});

interface NewTrial {
  id: string;
  number: number;
  method: string;
  budget: number | null;
  seed: number;
}
export interface NewNeed {
  trialId: string;
  stageRunId: string;
  origin: NeedOrigin;
}
export const insertTrials = statement("insert-trials", {
  takes: { experimentId: uuid, model: text, trials: json<readonly NewTrial[]>(), needs: json<readonly NewNeed[]>() },
});

const ownExperiment = {
  takes: { experimentId: uuid },
  gives: {
    id: text,
    state: word<ExperimentState>(),
    reason: nullable(text),
    pool: text,
    resources: json<SlotResources>(),
    teamId: text,
  },
};
export const findExperiment = statement("find-experiment", ownExperiment);
export const lockExperiment = statement("lock-experiment", ownExperiment);
export const moveExperiment = statement("move-experiment", {
  takes: {
    experimentId: uuid,
    state: word<"active" | "paused">(),
    reason: nullable(text),
    from: arrayOf(word<ExperimentState>()),
  },
  gives: { id: text },
});
export const setPriority = statement("set-priority", {
  takes: {
    experimentId: uuid,
    /** 0 low, 1 normal, 2 high. */
    priority: smallint,
  },
});
export const revisions = statement("revisions", {
  takes: { experimentId: uuid },
  gives: { sent: json<Record<string, unknown>>(), dataset: text },
});
export const insertRevision = statement("insert-revision", {
  takes: { experimentId: uuid, spec: json<unknown>(), parsed: json<unknown>() },
});

const point = { method: text, budget: nullable(int), seed: int };
export const pointsOfExperiment = statement("points-of-experiment", { takes: { experimentId: uuid }, gives: point });
export const trialStates = statement("trial-states", {
  takes: { experimentId: uuid, trialIds: nullable(arrayOf(uuid)) },
  gives: { id: text, ...point, modelRelus: int, needs: json<(TrialNeed & { stageRunId: string })[]>() },
});
export const pauseTrials = statement("pause-trials", { takes: { trialIds: arrayOf(uuid), paused: boolean } });
export const prioritizeTrials = statement("prioritize-trials", {
  takes: {
    trialIds: arrayOf(uuid),
    /** 0 low, 1 normal, 2 high. */
    priority: smallint,
  },
});
export const trialsToRetry = statement("trials-to-retry", {
  takes: { experimentId: uuid },
  gives: { id: text, ...point },
});
export const renewNeeds = statement("renew-needs", { takes: { needs: json<readonly NewNeed[]>() } });
export const lockExperimentsOfStageRuns = statement("lock-experiments-of-stage-runs", {
  takes: { stageRunIds: arrayOf(uuid) },
  gives: { id: text },
});
export const endExperiment = statement("end-experiment", {
  takes: {
    experimentId: uuid,
    state: word<"cancelled" | "failed">(),
    reason: text,
    from: arrayOf(word<ExperimentState>()),
  },
  gives: { id: text },
});
export const finishExperiments = statement("finish-experiments", {
  takes: { stageRunIds: arrayOf(uuid) },
  gives: { id: text },
});
export const latestOutcomes = statement("latest-outcomes", {
  takes: { stageRunId: uuid, limit: int },
  gives: { id: text, teamId: text, outcomes: json<(Failure | null)[]>() },
});

/** Of experiments with many trials, which are listed by what was counted once and by what followed. */
export const wantTally = statement("want-tally", { takes: { experimentId: uuid } });
export const dueTallies = statement("due-tallies", {
  takes: { many: int },
  gives: {
    experimentId: text,
    /** What Postgres knows it by; null before it was first counted. */
    snapshot: nullable(text),
    holds: boolean,
  },
});
const counted = { experimentId: uuid, snapshot: nullable(text) };
export const foldTally = statement("fold-tally", { takes: counted });
export const countTally = statement("count-tally", { takes: counted });
