import { sql } from "@reluctant/db";
import type { CommandTx } from "./commit.ts";

/** Ends the experiments that waited for these stage runs and now wait for nothing. Call it last: it locks them. */
export async function finishExperiments(t: CommandTx, stageRunIds: string[]): Promise<void> {
  await endExperimentsThatWaitForNothing(t, await t.many(sql.lockExperimentsOfStageRuns, { stageRunIds }));
}

/** The same for experiments that the caller has locked or just made. */
export async function endExperimentsThatWaitForNothing(
  t: CommandTx,
  experiments: readonly { id: string }[],
): Promise<void> {
  if (experiments.length === 0) return;
  const ended = await t.many(sql.finishExperiments, { experimentIds: experiments.map(({ id }) => id) });
  if (ended.length > 0) t.concerned.add("events");
}
