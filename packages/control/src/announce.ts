import type { AttemptState, EventData, StageRunState } from "@reluctant/contracts";
import { sql, type Tx } from "@reluctant/db";
import { inPieces } from "./slices.ts";

/** Something that happened to a stage run or an attempt on it, before it is told to each experiment concerned. */
export type Change =
  | { stageRunId: string; attemptId: null; type: "stage-run.changed"; data: EventData<"stage-run.changed"> }
  | { stageRunId: string; attemptId: string; type: "attempt.changed"; data: EventData<"attempt.changed"> }
  | { stageRunId: string; attemptId: null; type: "frontier.point"; data: EventData<"frontier.point"> };

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
export async function announce(t: Tx, changes: readonly Change[]): Promise<void> {
  for (const piece of inPieces(changes)) await t.run(sql.appendEvents, { events: piece });
}
