import { type RowOf, sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";
import { maxGapSeconds } from "./expiry-gate.ts";

export type WorkerBeatAnswer =
  | { answer: "go on" }
  /** Take no more work; what runs goes on. */
  | { answer: "drained"; reason: string }
  /** Another worker has registered under the name, so this one has to end. */
  | { answer: "replaced" };

export interface BeatWorker {
  workerId: string;
  state: "idle" | "busy" | "draining";
}

/** Says that a worker lives and what its slot does. One that is gone stays gone. */
export const beatWorker = async (deps: Deps, beat: BeatWorker): Promise<WorkerBeatAnswer> =>
  (await beatWorkers(deps, [beat]))[0] as WorkerBeatAnswer | Promise<WorkerBeatAnswer>;

/** The same of several workers, in one statement. One that another transaction holds is said alone, and its answer comes later. */
export async function beatWorkers(
  { db }: Pick<Deps, "db">,
  beats: readonly BeatWorker[],
): Promise<(WorkerBeatAnswer | Promise<WorkerBeatAnswer>)[]> {
  const rows = await db.many(sql.beatWorkers, asked(beats));
  const beaten = new Map(rows.map((row) => [row.workerId, row]));
  return beats.map((beat) => {
    const row = beaten.get(beat.workerId) ?? null;
    return row?.held ? beatAlone({ db }, beat) : answerOf(row);
  });
}

const asked = (beats: readonly BeatWorker[]) => ({
  beats: beats.map(({ workerId, state }) => ({ workerId, state })),
  maxGapSeconds,
});

const beatAlone = ({ db }: Pick<Deps, "db">, beat: BeatWorker): Promise<WorkerBeatAnswer> =>
  db.tx(async (t) => {
    await t.maybe(sql.waitForWorker, { workerId: beat.workerId });
    return answerOf(await t.maybe(sql.beatWorkers, asked([beat])));
  });

function answerOf(worker: RowOf<typeof sql.beatWorkers> | null): WorkerBeatAnswer {
  if (!worker) return { answer: "replaced" };
  return worker.drainedReason === null ? { answer: "go on" } : { answer: "drained", reason: worker.drainedReason };
}
