import { sql } from "@reluctant/db";
import type { CommandTx } from "./commit.ts";

/**
 * Ends the experiments that waited for one of these stage runs and now wait for nothing. Call it last, as every writer does: it locks them.
 * Both statements are begun at once, and so travel with what the caller begins beside it.
 */
export async function finishExperiments(t: CommandTx, stageRunIds: string[]): Promise<void> {
  const [, ended] = await Promise.all([
    t.many(sql.lockExperimentsOfStageRuns, { stageRunIds }),
    t.many(sql.finishExperiments, { stageRunIds }),
  ]);
  if (ended.length > 0) t.concerned.add("events");
}
