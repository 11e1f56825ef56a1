import { type ArtifactRef, ReluctantError, type StageResult } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { shareHalfLifeSeconds } from "@reluctant/relu";
import { announce, attemptChanged, stageRunChanged } from "./announce.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { closeAttempt, mayWrite } from "./end-attempt.ts";
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
    await t.run(sql.billAttempt, { attemptId, halfLifeSeconds: shareHalfLifeSeconds });
    await closeAttempt(t, { attemptId, state: "succeeded", reason: null, failure: null, step: null });
    await t.one(sql.succeedStageRun, { stageRunId, result });
    await announce(t, [attemptChanged(attempt, "succeeded"), stageRunChanged(stageRunId, "succeeded")]);
    await saveResult(t, stageRunId, result, artifacts);
    await t.run(sql.trimCheckpoints, { stageRunId, keep: 0 });
    await unblockConsumers(t, stageRunId);
    await finishExperiments(t, [stageRunId]);
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
async function unblockConsumers(t: CommandTx, stageRunId: string): Promise<void> {
  const consumers = await t.many(sql.lockConsumers, { stageRunId });
  for (const batch of inBatches(consumers)) {
    const recounted = await t.many(sql.unblockStageRuns, { stageRunIds: batch.map(({ id }) => id) });
    await announce(
      t,
      recounted.filter(({ state }) => state === "ready").map(({ id }) => stageRunChanged(id, "ready")),
    );
  }
}
