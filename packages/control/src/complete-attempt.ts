import { type ArtifactRef, ReluctantError, type StageResult } from "@reluctant/contracts";
import {
  billAttempt,
  endAttemptRow,
  type LockedAttempt,
  lockAttempt,
  lockConsumers,
  succeedStageRunRow,
  type Tx,
  trimCheckpoints,
  unblockStageRuns,
} from "@reluctant/db";
import { shareHalfLifeSeconds } from "@reluctant/relu";
import { announce, attemptChanged, stageRunChanged } from "./announce.ts";
import type { Deps } from "./deps.ts";
import { mayWrite } from "./end-attempt.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { saveResult } from "./save-result.ts";
import { inPieces } from "./slices.ts";

export interface CompleteAttempt {
  attemptId: string;
  epoch: number;
  result: StageResult;
  /** All of them stored already: bytes first, rows afterwards. */
  artifacts: ArtifactRef[];
}

/** Commits what an attempt achieved, exactly once, and makes ready what waited for it. */
export const completeAttempt = ({ db }: Deps, { attemptId, epoch, result, artifacts }: CompleteAttempt) =>
  db.tx(async (t) => {
    const [attempt] = await lockAttempt(t, attemptId);
    if (!mayWrite(attempt, epoch)) return { outcome: "superseded" } as const; // lost or cancelled meanwhile
    refuseOtherKind(attempt, result);
    await billAttempt(t, attemptId, shareHalfLifeSeconds);
    await endAttemptRow(t, attemptId, "succeeded", null, null, null);
    await succeedStageRunRow(t, attempt.stageRunId, JSON.stringify(result));
    await announce(t, [attemptChanged(attempt, "succeeded"), stageRunChanged(attempt.stageRunId, "succeeded")]);
    await saveResult(t, attempt.stageRunId, result, artifacts);
    await trimCheckpoints(t, attempt.stageRunId, 0);
    await unblockConsumers(t, attempt.stageRunId);
    await finishExperiments(t, [attempt.stageRunId]);
    return { outcome: "completed" } as const;
  });

function refuseOtherKind({ kind }: LockedAttempt, result: StageResult): void {
  if (result.kind !== kind) {
    throw new ReluctantError("invalid-request", `the result is of a ${result.kind}, the attempt of a ${kind}`, [
      { field: "result.kind", message: `must be ${kind}` },
    ]);
  }
}

/** Those whose last input this was become ready. */
async function unblockConsumers(t: Tx, stageRunId: string): Promise<void> {
  const consumers = await lockConsumers(t, stageRunId);
  for (const piece of inPieces(consumers)) {
    const recounted = await unblockStageRuns(
      t,
      piece.map(({ id }) => id),
    );
    await announce(
      t,
      recounted.filter(({ state }) => state === "ready").map(({ id }) => stageRunChanged(id, "ready")),
    );
  }
}
