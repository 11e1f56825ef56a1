import { sql } from "@reluctant/db";
import { experimentTransitions, statesBefore } from "@reluctant/relu";
import { announceExperiments } from "./announce.ts";
import type { StopRequest } from "./ask-to-stop.ts";
import type { CommandTx } from "./commit.ts";
import { stopUnneeded } from "./stop-unneeded.ts";

/**
 * Ends an experiment before its stage runs have, and stops those that no other experiment waits for, as `how` says. The
 * caller has locked the stage runs that it waits for, then the experiment: the order that every writer takes.
 */
export async function stopExperiment(
  t: CommandTx,
  experiment: { id: string; teamId: string },
  { state, reason, how }: { state: "cancelled" | "failed"; reason: string; how: StopRequest["how"] },
): Promise<void> {
  const { id: experimentId, teamId } = experiment;
  await t.one(sql.endExperiment, { experimentId, state, reason, from: statesBefore(experimentTransitions, state) });
  await announceExperiments(t, [{ teamId, experimentId, type: "experiment.changed", data: { state, reason } }]);
  const waitedFor = await t.many(sql.releaseNeedsOfExperiment, { experimentId });
  await stopUnneeded(
    t,
    waitedFor.map((stageRun) => stageRun.id),
    { how, reason: "no trial needs it any more" },
  );
}
