import { type ArtifactRef, ReluctantError, type StageResult } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { announce, stageRunChanged } from "./announce.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { mayWrite } from "./end-attempt.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { saveResult } from "./save-result.ts";
import { inBatches } from "./slices.ts";

export interface CompleteAttempt {
  attemptId: string;
  epoch: number;
  result: StageResult;
  /** All of them stored already: bytes first, rows afterwards. */
  artifacts: ArtifactRef[];
}

/** Commits what an attempt achieved, exactly once, and makes ready what waited for it. */
export const completeAttempt = (deps: Deps, { attemptId, epoch, result, artifacts }: CompleteAttempt) =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (!mayWrite(attempt, epoch)) return { outcome: "superseded" } as const; // lost or cancelled meanwhile
    refuseOtherKind(attempt, result);
    const { stageRunId } = attempt;
    const [, , consumers] = await Promise.all([
      t.one(sql.completeAttempt, { attemptId, result, artifacts }),
      saveResult(t, stageRunId, result, artifacts),
      t.many(sql.lockConsumers, { stageRunId }),
      finishExperiments(t, stageRunId), // whether its consumers are ready or still blocked, they are waited for
    ]);
    t.concerned.add("events").add("dispatch"); // its slot is free
    await unblock(t, consumers);
    return { outcome: "completed" } as const;
  });

function refuseOtherKind({ kind }: sql.LockedAttempt, result: StageResult): void {
  if (result.kind !== kind) {
    throw new ReluctantError("invalid-request", `the result is of a ${result.kind}, the attempt of a ${kind}`, [
      { field: "result.kind", message: `must be ${kind}` },
    ]);
  }
}

/** Those whose last input this was become ready. */
async function unblock(t: CommandTx, consumers: readonly { id: string }[]): Promise<void> {
  for (const batch of inBatches(consumers)) {
    const recounted = await t.many(sql.unblockStageRuns, { stageRunIds: batch.map(({ id }) => id) });
    await announce(
      t,
      recounted.filter(({ state }) => state === "ready").map(({ id }) => stageRunChanged(id, "ready")),
    );
  }
}
