import type { StageKind } from "@reluctant/contracts";
import { statement } from "../statement.ts";

export interface QueueRow {
  kind: StageKind;
  pool: string;
  freeSlots: number;
  queued: number;
}
export const dispatchQueues = statement<[silentSeconds: number], QueueRow>("dispatch-queues");

export interface CandidateRow {
  stageRunId: string;
  createdAt: Date;
  /** 0 low, 1 normal, 2 high. */
  priority: number;
  teamId: string;
  teamWeight: number;
  teamGpuSeconds: number;
}
export const dispatchCandidates = statement<
  [kind: StageKind, pool: string, room: number, halfLifeSeconds: number, silentSeconds: number],
  CandidateRow
>("dispatch-candidates");

/** An attempt as its job names it. */
export interface JobRow {
  attemptId: string;
  stageRunId: string;
  kind: StageKind;
  pool: string;
}
export const queueAttempts = statement<[chosen: string], JobRow & { number: number }>("queue-attempts");
export const claimOutboxRows = statement<[limit: number, holder: string], JobRow & { outboxId: string }>(
  "claim-outbox",
);
export const markOutboxSent = statement<[outboxIds: bigint[]], never>("mark-sent");
export const queuedAttemptRows = statement<[olderThanMs: number], JobRow>("queued-attempts");
export const electLeaderRow = statement<[name: string, holder: string, leaseSeconds: number], { holder: string }>(
  "elect-leader",
);
export const resignLeaderRow = statement<[name: string, holder: string], never>("resign-leader");
export const recordRoundRow = statement<
  [name: string, holder: string, unseenSeconds: number],
  { answeredSeconds: number }
>("record-round");
export const markSuspectPointRows = statement<
  [models: string[], byOneThread: number[], byMore: number[]],
  { id: string }
>("mark-suspect-points");
export const purgeExpired = statement<[], { rows: number }>("purge-expired");
