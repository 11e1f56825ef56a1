import { sql } from "@reluctant/db";
import { askToStop, leaving } from "./ask-to-stop.ts";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { endAttempt, mayWrite } from "./end-attempt.ts";

/**
 * Gives a slot back without a result, once the child's process group is gone: `preempted` after a last checkpoint, if there
 * was time for one; `cancelled` when it had to stop at once. If a trial still needs the stage run it becomes ready again.
 */
export const releaseAttempt = (
  deps: Deps,
  {
    attemptId,
    epoch,
    as,
    step,
  }: { attemptId: string; epoch: number; as: "preempted" | "cancelled"; step: number | null },
): Promise<{ outcome: "recorded" | "superseded" }> =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (!mayWrite(attempt, epoch)) return { outcome: "superseded" };
    await askToStop(t, [attemptId], leaving); // it may have left before a beat could say so
    await endAttempt(t, attempt, { as }, { reason: attempt.reason ?? leaving.reason, step });
    return { outcome: "recorded" };
  });
