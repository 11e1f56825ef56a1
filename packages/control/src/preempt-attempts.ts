import { sql } from "@reluctant/db";
import { announce, stageRunChanged } from "./announce.ts";
import { askToStop } from "./ask-to-stop.ts";
import type { CommandTx } from "./commit.ts";

/**
 * Has attempts give their slots back, their stage runs (locked) to wait for another turn: what runs stops at its next step
 * with a checkpoint, what is queued is ready again at once.
 */
export async function preemptAttempts(t: CommandTx, attemptIds: string[], reason: string): Promise<void> {
  const asked = await askToStop(t, attemptIds, { how: "checkpoint", reason });
  if (asked.some(({ state }) => state === "stopping")) t.concerned.add("stop");
  const idle = asked.filter(({ state }) => state === "cancelled");
  await t.run(sql.readyStageRuns, { stageRunIds: idle.map(({ stageRunId }) => stageRunId) });
  await announce(
    t,
    idle.map(({ stageRunId, after }) => ({ ...stageRunChanged(stageRunId, "ready"), after })),
  );
}
