import { sql } from "@reluctant/db";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { preemptAttempts } from "./preempt-attempts.ts";

/** Those of the given (locked) stage runs that only paused experiments need give their slots back: they go on when one is resumed. */
export async function stopPaused(t: CommandTx, stageRunIds: string[], reason: string): Promise<void> {
  const paused = await t.many(sql.pausedStageRuns, { stageRunIds });
  await preemptAttempts(
    t,
    paused.map(({ attemptId }) => attemptId),
    reason,
  );
}

/**
 * The same for whatever has a slot: a dispatcher that looked just before a pause may have given one to what is paused by
 * now. Safe to run at any moment, and twice.
 */
export async function stopWhatIsPaused(deps: Deps): Promise<void> {
  const dispatched = await deps.db.many(sql.pausedStageRuns, { stageRunIds: null });
  if (dispatched.length === 0) return;
  await commit(deps, async (t) => {
    const locked = await t.many(sql.lockUnfinishedStageRuns, { stageRunIds: dispatched.map(({ id }) => id) });
    await stopPaused(
      t,
      locked.map(({ id }) => id),
      "paused",
    );
  });
}
