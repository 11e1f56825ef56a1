import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { auditExperiment, lockOwnExperiment } from "./own-experiment.ts";
import { stopExperiment } from "./stop-experiment.ts";

/**
 * Ends an experiment at its owner's wish. Stage runs that no other experiment waits for stop: idle ones at once, running
 * ones when their workers next beat, without a last checkpoint: whoever cancels wants the slots. Cancelling twice is the
 * same as once; one that ended otherwise is a conflict.
 */
export function cancelExperiment(
  deps: Deps,
  { identity, experimentId }: { identity: Caller; experimentId: string },
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const { state, teamId } = await lockOwnExperiment(t, identity, experimentId);
    if (state === "finished" || state === "failed") {
      throw new ReluctantError(
        "conflict",
        `experiment ${experimentId} is ${state} already: there is nothing to cancel`,
      );
    }
    if (state !== "cancelled") {
      const reason = `cancelled by ${identity.name}`;
      await stopExperiment(t, { id: experimentId, teamId }, { state: "cancelled", reason, how: "now" });
      await auditExperiment(t, identity, { action: "cancel", experimentId });
    }
    return experimentSummary(t, experimentId);
  });
}
