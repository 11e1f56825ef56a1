import { sql } from "@reluctant/db";
import { leaseSeconds } from "./claim-attempt.ts";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { mayWrite } from "./end-attempt.ts";
import { maxGapSeconds } from "./expiry-gate.ts";
import { loseAttempt } from "./lose-attempt.ts";

/**
 * Ends attempts whose lease ran out as lost, each in a transaction of its own; their stage runs are ready again, or fail as
 * poisonous. Only Postgres' clock judges. One that another transaction holds is left for a later call: a worker frozen within
 * its transaction keeps the row until Postgres ends its session, and the others shall not wait for that. None is judged while the
 * gate is closed (`expiry-gate.ts`).
 */
export async function expireLeases(deps: Deps): Promise<{ attemptId: string; stageRunId: string }[]> {
  const lost: { attemptId: string; stageRunId: string }[] = [];
  for (const { id } of await deps.db.many(sql.expiredAttempts, {})) {
    const stageRunId = await commit(deps, async (t) => {
      if (!(await t.maybe(sql.tryLockAttempt, { attemptId: id, leaseSeconds, maxGapSeconds }))) return null;
      const attempt = await t.maybe(sql.lockAttempt, { attemptId: id });
      if (!attempt?.expired || attempt.epoch === null || !mayWrite(attempt, attempt.epoch)) return null; // beat or ended
      const reason = `worker ${attempt.worker ?? "unknown"} was silent for ${leaseSeconds} s`;
      return (await loseAttempt(t, attempt, reason)) ? attempt.stageRunId : null;
    });
    if (stageRunId !== null) lost.push({ attemptId: id, stageRunId });
  }
  return lost;
}
