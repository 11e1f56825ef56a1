import { sql } from "@reluctant/db";
import { announce, stageRunChanged } from "./announce.ts";
import { askToStop } from "./ask-to-stop.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";

/**
 * Has attempts give their slots back, their stage runs (locked) to wait for another turn: what runs stops at its next step
 * with a checkpoint, what is queued is ready again at once.
 */
export async function takeOffSlots(t: CommandTx, attemptIds: string[], reason: string): Promise<void> {
  const asked = await askToStop(t, attemptIds, { how: "checkpoint", reason });
  if (asked.some(({ state }) => state === "stopping")) t.concerned.add("stop");
  const idle = asked.filter(({ state }) => state === "cancelled").map(({ stageRunId }) => stageRunId);
  await t.run(sql.readyStageRuns, { stageRunIds: idle });
  await announce(
    t,
    idle.map((id) => stageRunChanged(id, "ready")),
  );
}

/** Does that to those of the given (locked) stage runs that only paused experiments need. */
export async function holdStageRuns(t: CommandTx, stageRunIds: string[], reason: string): Promise<void> {
  const held = await t.many(sql.heldStageRuns, { stageRunIds });
  await takeOffSlots(
    t,
    held.map(({ attemptId }) => attemptId),
    reason,
  );
}

/**
 * The same for whatever holds a slot: a dispatcher that looked just before a pause may have given a slot to what is held by
 * now. Safe to run at any moment, and twice.
 */
export async function holdWhatIsPaused(deps: Deps): Promise<void> {
  const dispatched = await deps.db.many(sql.heldStageRuns, { stageRunIds: null });
  if (dispatched.length === 0) return;
  await commit(deps, async (t) => {
    const locked = await t.many(sql.lockUnfinishedStageRuns, { stageRunIds: dispatched.map(({ id }) => id) });
    await holdStageRuns(
      t,
      locked.map(({ id }) => id),
      "paused",
    );
  });
}
