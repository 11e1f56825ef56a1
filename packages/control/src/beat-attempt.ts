import type { Progress, StopWay } from "@reluctant/contracts";
import { type RowOf, sql } from "@reluctant/db";
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

export interface BeatAttempt {
  attemptId: string;
  epoch: number;
  /** What it came to since the last beat, if anything. */
  progress?: Progress;
  /** Its worker is about to end: it stops of itself, and screens may see that it does. */
  leaves?: boolean;
}

/** Renews an attempt's lease under its epoch; the answer may ask it to stop. */
export const beatAttempt = async (deps: Deps, beat: BeatAttempt): Promise<BeatAnswer> =>
  (await beatAttempts(deps, [beat]))[0] as BeatAnswer | Promise<BeatAnswer>;

/** The same for several attempts, in one statement. What more one takes is done alone, and its answer comes later. */
export async function beatAttempts(
  deps: Deps,
  beats: readonly BeatAttempt[],
): Promise<(BeatAnswer | Promise<BeatAnswer>)[]> {
  const rows = await deps.db.many(sql.beatAttempts, asked(beats));
  const beaten = new Map(rows.map((row) => [row.attemptId, row]));
  return beats.map((beat) => answerOf(deps, beat, beaten.get(beat.attemptId) as Beaten));
}

type Beaten = RowOf<typeof sql.beatAttempts>;

const asked = (beats: readonly BeatAttempt[]) => ({
  beats: beats.map(({ attemptId, epoch, progress = null }) => ({ attemptId, epoch, progress })),
  leaseSeconds,
});

function answerOf(
  deps: Deps,
  beat: BeatAttempt,
  { held, state, stop, unbilled }: Beaten,
): BeatAnswer | Promise<BeatAnswer> {
  if (held) return beatAlone(deps, beat);
  if (state === null || unbilled === null) return { answer: "stale" };
  const answer: BeatAnswer = stop === null ? { answer: "go on" } : { answer: "stop", how: stop };
  const isDue = unbilled >= billEverySeconds;
  const isLeaving = beat.leaves === true && state === "running";
  return isDue || isLeaving ? followUp(deps, beat, { isDue, isLeaving }).then(() => answer) : answer;
}

/** Waits for whoever holds the attempt. */
const beatAlone = async (deps: Deps, beat: BeatAttempt): Promise<BeatAnswer> => {
  const row = await deps.db.tx(async (t) => {
    await t.maybe(sql.waitForAttempt, { attemptId: beat.attemptId });
    return t.one(sql.beatAttempts, asked([beat]));
  });
  return answerOf(deps, beat, row);
};

async function followUp(
  deps: Deps,
  { attemptId }: BeatAttempt,
  { isDue, isLeaving }: { isDue: boolean; isLeaving: boolean },
): Promise<void> {
  if (isDue) await deps.db.run(sql.billAttempt, { attemptId });
  if (isLeaving) await commit(deps, (t) => askToStop(t, [attemptId], leaving));
}
