import { sql } from "@reluctant/db";
import type { CommandTx } from "./commit.ts";

/**
 * Ends the experiments that waited for this stage run and now wait for nothing. Call it last, as every writer does: it locks them.
 * Both statements are begun at once, and so travel with what the caller begins beside it.
 */
export async function finishExperiments(t: CommandTx, stageRunId: string): Promise<void> {
  const [, ended] = await Promise.all([
    t.many(sql.lockExperimentsOfStageRun, { stageRunId }),
    t.many(sql.finishExperiments, { stageRunId }),
  ]);
  if (ended.length > 0) t.concerned.add("events");
}
