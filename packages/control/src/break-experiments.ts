import { sql } from "@reluctant/db";
import { alikeInARow, circuitBreakReason } from "@reluctant/relu";
import type { CommandTx } from "./commit.ts";
import { stopExperiment } from "./stop-experiment.ts";

/** The circuit breaker: stops the experiments in which the failure of this stage run is the same again and again. */
export async function breakExperiments(t: CommandTx, stageRunId: string): Promise<void> {
  for (const { id, teamId, outcomes } of await t.many(sql.latestOutcomes, { stageRunId, limit: alikeInARow })) {
    const reason = circuitBreakReason(outcomes)?.slice(0, 2_000);
    if (!reason) continue;
    const waitedFor = await t.many(sql.lockStageRunsOfExperiment, { experimentId: id });
    if (waitedFor.length === 0) continue; // it ends by itself
    const { state } = await t.one(sql.lockExperiment, { experimentId: id });
    if (state !== "active") continue;
    await stopExperiment(t, { id, teamId }, { state: "failed", reason, how: "checkpoint" });
  }
}
