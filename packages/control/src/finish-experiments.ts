import { sql } from "@reluctant/db";
import { announceExperiments } from "./announce.ts";
import type { CommandTx } from "./commit.ts";

/** Ends the experiments that waited for these stage runs and now wait for nothing. Call it last: it locks them. */
export async function finishExperiments(t: CommandTx, stageRunIds: string[]): Promise<void> {
  const experiments = await t.many(sql.lockExperimentsOfStageRuns, { stageRunIds });
  if (experiments.length === 0) return;
  await endExperimentsThatWaitForNothing(
    t,
    experiments.map(({ id }) => id),
  );
}

/** The same for experiments that the caller has locked or just made. */
export async function endExperimentsThatWaitForNothing(t: CommandTx, experimentIds: string[]): Promise<void> {
  const ended = await t.many(sql.finishExperiments, { experimentIds });
  if (ended.length === 0) return;
  const events = ended.map(({ id, teamId, state, reason }) => ({
    teamId,
    experimentId: id,
    type: "experiment.changed" as const,
    data: { state, reason },
  }));
  await announceExperiments(t, events);
}
