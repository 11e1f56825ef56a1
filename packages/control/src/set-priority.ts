import { type ExperimentSummary, type Priority, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { announceState, auditExperiment, lockOwnExperiment } from "./own-experiment.ts";
import { priorityRank } from "./write-trials.ts";

/**
 * Gives what waits of an experiment another turn; what runs goes on.
 * @throws ReluctantError `conflict` where it has ended
 */
export function setPriority(
  deps: Deps,
  { identity, experimentId, priority }: { identity: Caller; experimentId: string; priority: Priority },
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await lockOwnExperiment(t, identity, experimentId);
    const { state } = experiment;
    if (state !== "active" && state !== "paused")
      throw new ReluctantError("conflict", `experiment ${experimentId} is ${state}: nothing of it waits for its turn`);
    await t.run(sql.setPriority, { experimentId, priority: priorityRank(priority) });
    t.concerned.add("dispatch");
    await announceState(t, experiment);
    await auditExperiment(t, identity, { action: "priority", experimentId, detail: { priority } });
    return experimentSummary(t, experimentId);
  });
}
