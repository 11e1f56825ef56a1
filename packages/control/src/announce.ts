import type { AttemptState, EventData, StageRunState } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { liveAttemptStates } from "@reluctant/relu";
import type { CommandTx } from "./commit.ts";
import type { NotificationName } from "./deps.ts";
import { inBatches } from "./slices.ts";

/** Something that happened to a stage run or an attempt on it, before it is told to each experiment concerned. */
export type Change = {
  stageRunId: string;
  /** As a statement told it of a stage run that another transaction may have gone on with since this one began. */
  after?: string;
} & (
  | { attemptId: null; type: "stage-run.changed"; data: EventData<"stage-run.changed"> }
  | { attemptId: string; type: "attempt.changed"; data: EventData<"attempt.changed"> }
);

/** Something that happened to an experiment. */
export type ExperimentChange = { teamId: string; experimentId: string } & (
  | { type: "experiment.submitted"; data: EventData<"experiment.submitted"> }
  | { type: "experiment.changed"; data: EventData<"experiment.changed"> }
);

export const stageRunChanged = (stageRunId: string, state: StageRunState, reason: string | null = null): Change => ({
  stageRunId,
  attemptId: null,
  type: "stage-run.changed",
  data: { state, reason },
});

export const attemptChanged = (
  attempt: { id: string; stageRunId: string; number: number; worker: string | null; step: number | null },
  state: AttemptState,
  reason: string | null = null,
): Change => ({
  stageRunId: attempt.stageRunId,
  attemptId: attempt.id,
  type: "attempt.changed",
  data: { number: attempt.number, state, worker: attempt.worker, step: attempt.step, reason },
});

/** Appends the events of `changes` to every experiment that needs or used their stage runs, in this order. */
export async function announce(t: CommandTx, changes: readonly Change[]): Promise<void> {
  notifyOf(t, changes);
  for (const batch of inBatches(changes)) await t.run(sql.appendEvents, { events: batch });
}

/** Appends the events of `changes` to their experiments, in this order. */
export function announceExperiments(t: CommandTx, changes: readonly ExperimentChange[]): Promise<void> {
  notifyOf(t, changes);
  return t.send(sql.appendExperimentEvents, { events: changes });
}

function notifyOf({ concerned }: CommandTx, changes: readonly (Change | ExperimentChange)[]): void {
  for (const change of changes) for (const name of concernedBy(change)) concerned.add(name);
}

/** Whom a change concerns beside those who follow events. */
function concernedBy(change: Change | ExperimentChange): NotificationName[] {
  if (change.type === "experiment.submitted") return ["events", "dispatch"];
  if (change.type === "stage-run.changed") return change.data.state === "ready" ? ["events", "dispatch"] : ["events"];
  if (change.type !== "attempt.changed") return ["events"];
  return hasEnded(change.data.state) ? ["events", "dispatch"] : ["events"]; // its slot is free
}

const live: readonly AttemptState[] = liveAttemptStates;
const hasEnded = (state: AttemptState): boolean => !live.includes(state);
