import type { Progress, StopWay } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { askToStop, leaving } from "./ask-to-stop.ts";
import { leaseSeconds } from "./claim-attempt.ts";
import { commit } from "./commit.ts";
import type { Deps } from "./deps.ts";

export type BeatAnswer =
  | { answer: "go on" }
  | { answer: "stop"; how: StopWay }
  /** Lost, or given to another: end the child and write nothing more. */
  | { answer: "stale" };

/** A team is charged while an attempt runs, so that a long one weighs in the order of dispatch before it ends. */
const billEverySeconds = 60;

/** Renews an attempt's lease under its epoch; the answer may ask it to stop. */
export async function beatAttempt(
  deps: Deps,
  {
    attemptId,
    epoch,
    progress,
    leaves = false,
  }: {
    attemptId: string;
    epoch: number;
    progress?: Progress;
    /** Its worker is about to end: it stops of itself, and screens may see that it does. */
    leaves?: boolean;
  },
): Promise<BeatAnswer> {
  const { db } = deps;
  const beat = await db.maybe(sql.beatAttempt, { attemptId, epoch, leaseSeconds, progress: progress ?? null });
  if (!beat) return { answer: "stale" };
  if (beat.unbilled >= billEverySeconds) await db.run(sql.billAttempt, { attemptId });
  if (leaves && beat.state === "running") await commit(deps, (t) => askToStop(t, [attemptId], leaving));
  return beat.stop === null ? { answer: "go on" } : { answer: "stop", how: beat.stop };
}
