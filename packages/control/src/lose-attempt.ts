import { sql } from "@reluctant/db";
import { judgeLosses } from "@reluctant/relu";
import { leaseSeconds } from "./claim-attempt.ts";
import type { CommandTx } from "./commit.ts";
import { endAttempt } from "./end-attempt.ts";

/**
 * Ends a locked attempt whose lease is over as lost; its stage run is ready again, or fails as poisonous. False where the loss
 * may decide over the stage run and cannot be judged yet: a later call will.
 */
export async function loseAttempt(t: CommandTx, attempt: sql.LockedAttempt, reason: string): Promise<boolean> {
  const history = await t.one(sql.lossHistory, { stageRunId: attempt.stageRunId, leaseSeconds });
  const verdict = judgeLosses(history, leaseSeconds);
  if (verdict.is === "unsure") return false;
  const poison = verdict.is === "poisonous" ? verdict.reason : null;
  await endAttempt(t, attempt, { as: "lost", poison }, { reason, step: null });
  return true;
}
