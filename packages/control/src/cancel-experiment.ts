import { type ExperimentSummary, ReluctantError } from "@reluctant/contracts";
import { appendExperimentEventRows, lockStageRunsOfExperiment, releaseNeedsOfExperiment, type Tx } from "@reluctant/db";
import { found, requireRole, visibleTeam } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { experimentSummary } from "./experiment-summaries.ts";
import { stopUnneeded } from "./stop-unneeded.ts";

/**
 * Ends an experiment at its owner's wish. Stage runs that no other experiment waits for stop: idle ones at once, running
 * ones when their workers next beat. Cancelling twice is the same as once; one that ended otherwise is a conflict.
 */
export function cancelExperiment(
  { db }: Deps,
  { identity, experimentId }: { identity: Caller; experimentId: string },
): Promise<ExperimentSummary> {
  requireRole(identity, "member");
  return db.tx(async (t) => {
    await lockStageRunsOfExperiment(t, experimentId); // before the experiment: the order that every writer takes
    const { state, teamId } = await lockExperiment(t, identity, experimentId);
    if (state === "finished" || state === "failed") {
      throw new ReluctantError(
        "conflict",
        `experiment ${experimentId} is ${state} already: there is nothing to cancel`,
      );
    }
    if (state !== "cancelled") await cancel(t, { experimentId, teamId, actor: identity });
    return experimentSummary(t, experimentId);
  });
}

async function lockExperiment(t: Tx, identity: Caller, id: string): Promise<{ state: string; teamId: string }> {
  const [row] = await t.$queryRaw<{ state: string; teamId: string }[]>`
    select state, team_id::text as "teamId" from experiment
    where id = ${id}::uuid and (${visibleTeam(identity)}::uuid is null or team_id = ${visibleTeam(identity)}::uuid)
    for update`;
  return found(row, "experiment", id);
}

async function cancel(
  t: Tx,
  { experimentId, teamId, actor }: { experimentId: string; teamId: string; actor: Caller },
): Promise<void> {
  const reason = `cancelled by ${actor.name}`;
  await t.$executeRaw`update experiment set state = 'cancelled', reason = ${reason}, finished_at = now() where id = ${experimentId}::uuid`;
  const event = { teamId, experimentId, type: "experiment.changed", data: { state: "cancelled", reason } };
  await appendExperimentEventRows(t, JSON.stringify([event]));
  await t.auditEvent.create({
    data: { teamId: actor.teamId, actor: actor.name, action: "experiment.cancel", subject: experimentId },
  });
  const waitedFor = await releaseNeedsOfExperiment(t, experimentId);
  await stopUnneeded(
    t,
    waitedFor.map(({ id }) => id),
    "no trial needs it any more",
  );
}
