import { sql } from "@reluctant/db";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { mayWrite } from "./end-attempt.ts";
import { loseAttempt } from "./lose-attempt.ts";

/**
 * Gives back the attempt of a supervisor that died, as the next one on its slot found it: its processes are gone, so nobody has to
 * wait for the end of its lease. It is lost as by a lease that ran out, and counts so. `left`: whether its stage run is poisonous
 * shows only when a lease has passed; whoever expires leases ends it then.
 */
export const handBackAttempt = (
  deps: Deps,
  { attemptId, epoch }: { attemptId: string; epoch: number },
): Promise<{ outcome: "recorded" | "left" | "superseded" }> =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (!mayWrite(attempt, epoch)) return { outcome: "superseded" };
    await t.run(sql.endLease, { attemptId });
    const reason = `worker ${attempt.worker ?? "unknown"} ended, and was started again`;
    return { outcome: (await loseAttempt(t, attempt, reason)) ? "recorded" : "left" };
  });
