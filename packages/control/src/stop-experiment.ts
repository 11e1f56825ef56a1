import { appendExperimentEventRows, endExperimentRow, releaseNeedsOfExperiment, type Tx } from "@reluctant/db";
import type { StopRequest } from "./ask-to-stop.ts";
import { stopUnneeded } from "./stop-unneeded.ts";

/**
 * Ends an experiment before its stage runs have, and stops those that no other experiment waits for, as `how` says. The
 * caller has locked the stage runs that it waits for, then the experiment: the order that every writer takes.
 */
export async function stopExperiment(
  t: Tx,
  experiment: { id: string; teamId: string },
  { state, reason, how }: { state: "cancelled" | "failed"; reason: string; how: StopRequest["how"] },
): Promise<void> {
  const { id, teamId } = experiment;
  await endExperimentRow(t, id, state, reason);
  const event = { teamId, experimentId: id, type: "experiment.changed", data: { state, reason } };
  await appendExperimentEventRows(t, JSON.stringify([event]));
  const waitedFor = await releaseNeedsOfExperiment(t, id);
  await stopUnneeded(
    t,
    waitedFor.map((stageRun) => stageRun.id),
    { how, reason: "no trial needs it any more" },
  );
}
