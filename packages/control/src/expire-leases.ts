import { expiredAttempts, lockAttempt } from "@reluctant/db";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Deps } from "./deps.ts";
import { endAttempt, mayWrite } from "./end-attempt.ts";

/**
 * Ends attempts whose lease ran out as lost, each in a transaction of its own; their stage runs are ready again.
 * Only Postgres' clock judges. A caller that lost Postgres itself must wait one lease before it asks, since no worker
 * could beat meanwhile.
 */
export async function expireLeases({ db }: Deps): Promise<{ attemptId: string; stageRunId: string }[]> {
  const lost: { attemptId: string; stageRunId: string }[] = [];
  for (const { id } of await expiredAttempts(db.prisma)) {
    const stageRunId = await db.tx(async (t) => {
      const [attempt] = await lockAttempt(t, id);
      if (!attempt?.expired || attempt.epoch === null || !mayWrite(attempt, attempt.epoch)) return null; // beat or ended
      const reason = `worker ${attempt.worker ?? "unknown"} was silent for ${leaseSeconds} s`;
      await endAttempt(t, attempt, { as: "lost" }, { reason, step: null });
      return attempt.stageRunId;
    });
    if (stageRunId !== null) lost.push({ attemptId: id, stageRunId });
  }
  return lost;
}
