import type { Failure } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { exitCauseOf } from "@reluctant/relu";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { endAttempt, mayWrite } from "./end-attempt.ts";
import { quarantineNode } from "./quarantine-node.ts";

/** Records why an attempt ended without a result. It is retried later, or its stage run and their trials fail. */
export const failAttempt = (
  deps: Deps,
  { attemptId, epoch, failure }: { attemptId: string; epoch: number; failure: Failure },
): Promise<{ outcome: "recorded" | "superseded" }> =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (!mayWrite(attempt, epoch)) return { outcome: "superseded" };
    const judged = { ...failure, ...exitCauseOf(failure) };
    await endAttempt(t, attempt, { as: "failed", failure: judged }, { reason: failure.message, step: failure.step });
    if (judged.fault === "node") await quarantineNode(t, attemptId);
    return { outcome: "recorded" };
  });
