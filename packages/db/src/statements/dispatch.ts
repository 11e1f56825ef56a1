import type { StageKind } from "@reluctant/contracts";
import {
  arrayOf,
  bigint,
  boolean,
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

export const dispatchQueues = statement("dispatch-queues", {
  takes: { leaseSeconds: int },
  gives: { kind: word<StageKind>(), pool: text, slots: int, freeSlots: int, queued: int, queuedOthers: int },
});
export type DispatchQueue = RowOf<typeof dispatchQueues>;

export const dispatchCandidates = statement("dispatch-candidates", {
  takes: {
    kind: word<StageKind>(),
    pool: text,
    most: int,
    slots: word<"free" | "all">(),
    halfLifeSeconds: float,
    leaseSeconds: int,
  },
  gives: {
    stageRunId: text,
    createdAt: timestamp,
    /** 0 low, 1 normal, 2 high. */
    priority: smallint,
    teamId: text,
    teamWeight: float,
    teamGpuSeconds: float,
    teamOverQuota: boolean,
  },
});
export type DispatchCandidate = RowOf<typeof dispatchCandidates>;

export const slotDemand = statement("slot-demand", {
  takes: { leaseSeconds: int, halfLifeSeconds: float },
  gives: { pool: text, ready: int, queued: int, running: int, slots: int },
});
export type SlotDemandRow = RowOf<typeof slotDemand>;

export const contestedPools = statement("contested-pools", { takes: {}, gives: { pool: text } });
export const freeSlots = statement("free-slots", {
  takes: { pool: text, stageRunIds: arrayOf(uuid), leaseSeconds: int },
  gives: { couldRun: arrayOf(text) },
});
export const occupants = statement("occupants", {
  takes: { pool: text, stageRunIds: arrayOf(uuid), halfLifeSeconds: float },
  gives: {
    attemptId: text,
    stageRunId: text,
    state: word<"queued" | "running" | "stopping">(),
    /** 0 low, 1 normal, 2 high. */
    priority: smallint,
    overQuota: boolean,
    runningSeconds: nullable(float),
    preemptedSecondsAgo: nullable(float),
    couldRun: arrayOf(text),
  },
});

/** An attempt as its job names it. */
const job = { attemptId: text, stageRunId: text, kind: word<StageKind>(), pool: text };
export const queueAttempts = statement("queue-attempts", {
  takes: { chosen: json<readonly { stageRunId: string; teamId: string }[]>(), holder: nullable(text) },
  gives: { ...job, number: int, outboxId: bigint },
});
export const queuedAttempts = statement("queued-attempts", { takes: { olderThanMs: float }, gives: job });
export const claimOutbox = statement("claim-outbox", {
  takes: { limit: int, holder: text },
  gives: { ...job, number: int, outboxId: bigint },
});
export const markOutboxSent = statement("mark-outbox-sent", { takes: { outboxIds: arrayOf(bigint) } });

export const electLeader = statement("elect-leader", {
  takes: { name: text, holder: text, leaseSeconds: float },
  gives: { holder: text },
});
export const resignLeader = statement("resign-leader", { takes: { name: text, holder: text } });
export const recordRound = statement("record-round", {
  takes: { name: text, holder: text, maxGapSeconds: float },
  gives: { answeredSeconds: float },
});
export const latestRound = statement("latest-round", { takes: {}, gives: { ageSeconds: nullable(float) } });

export const markSuspectPoints = statement("mark-suspect-points", {
  takes: { models: arrayOf(text), byOneThread: arrayOf(float), byMore: arrayOf(float) },
  gives: { id: text },
});
export const purgeExpired = statement("purge-expired", { takes: {}, gives: { rows: int } });
export const purgeHistory = statement("purge-history", { takes: { days: int, limit: int }, gives: { rows: int } });
