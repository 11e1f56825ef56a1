import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { requireRole } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { auditExperiment, lockOwnExperiment, moveExperiment } from "./own-experiment.ts";
import { stopPaused } from "./stop-paused.ts";

interface Command {
  identity: Caller;
  experimentId: string;
}

/**
 * None of its needs gets a slot until it is resumed. What runs for it alone stops at its next step with a checkpoint, from
 * which it goes on; what another experiment needs too is not touched. Twice is the same as once.
 * @throws ReluctantError `conflict` where it has ended
 */
export function pauseExperiment(deps: Deps, { identity, experimentId }: Command): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await lockOwnExperiment(t, identity, experimentId);
    if (experiment.state === "active") {
      const reason = `paused by ${identity.name}`;
      await moveExperiment(t, experiment, { state: "paused", reason });
      await stopPaused(t, experiment.stageRunIds, reason);
      await auditExperiment(t, identity, { action: "pause", experimentId });
    } else if (experiment.state !== "paused") {
      throw new ReluctantError(
        "conflict",
        `experiment ${experimentId} is ${experiment.state} already: there is nothing to pause`,
      );
    }
    return experimentSummary(t, experimentId);
  });
}

/** A paused experiment goes on. Twice is the same as once. @throws ReluctantError `conflict` where it has ended */
export function resumeExperiment(deps: Deps, { identity, experimentId }: Command): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return commit(deps, async (t) => {
    const experiment = await lockOwnExperiment(t, identity, experimentId);
    if (experiment.state === "paused") {
      await moveExperiment(t, experiment, { state: "active", reason: null });
      t.concerned.add("dispatch");
      await auditExperiment(t, identity, { action: "resume", experimentId });
      if (experiment.stageRunIds.length === 0) {
        const [anyRun] = await t.many(sql.stageRunsOfExperiment, { experimentId });
        if (anyRun) await finishExperiments(t, [anyRun.id]); // others have done meanwhile what it waited for
      }
    } else if (experiment.state !== "active") {
      throw new ReluctantError(
        "conflict",
        `experiment ${experimentId} is ${experiment.state}: retry runs again what failed or was cancelled, extend adds to it`,
      );
    }
    return experimentSummary(t, experimentId);
  });
}
