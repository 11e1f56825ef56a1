import { lockAttempt } from "@reluctant/db";
import type { Deps } from "./deps.ts";
import { endAttempt, mayWrite } from "./end-attempt.ts";

const reasons = { preempted: "its worker is leaving", cancelled: "no trial needs it any more" } as const;

/**
 * Gives a slot back without a result, once the child's process group is gone: `preempted` when the worker leaves, after a
 * last checkpoint; `cancelled` when it was asked to stop. If a trial still needs the stage run it becomes ready again.
 */
export const releaseAttempt = (
  { db }: Deps,
  {
    attemptId,
    epoch,
    as,
    step,
  }: { attemptId: string; epoch: number; as: "preempted" | "cancelled"; step: number | null },
): Promise<{ outcome: "recorded" | "superseded" }> =>
  db.tx(async (t) => {
    const [attempt] = await lockAttempt(t, attemptId);
    if (!mayWrite(attempt, epoch)) return { outcome: "superseded" };
    await endAttempt(t, attempt, { as }, { reason: reasons[as], step });
    return { outcome: "recorded" };
  });
