import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { found, requireRole, visibleTeam } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
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
    await t.many(sql.lockStageRunsOfExperiment, { experimentId }); // before the experiment: the order that every writer takes
    const row = await t.maybe(sql.lockExperiment, { experimentId });
    const team = visibleTeam(identity);
    const { state, teamId } = found(team === null || row?.teamId === team ? row : null, "experiment", experimentId);
    if (state === "finished" || state === "failed") {
      throw new ReluctantError(
        "conflict",
        `experiment ${experimentId} is ${state} already: there is nothing to cancel`,
      );
    }
    if (state !== "cancelled") {
      const reason = `cancelled by ${identity.name}`;
      await stopExperiment(t, { id: experimentId, teamId }, { state: "cancelled", reason, how: "now" });
      await t.run(sql.insertAuditEvent, {
        teamId: identity.teamId,
        actor: identity.name,
        action: "experiment.cancel",
        subject: experimentId,
        detail: {},
      });
    }
    return experimentSummary(t, experimentId);
  });
}
