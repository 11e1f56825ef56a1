import { type ArtifactRef, ReluctantError, type StageResult } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { announce, stageRunChanged } from "./announce.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { mayWrite } from "./end-attempt.ts";
import { finishExperiments } from "./finish-experiments.ts";
import { saveResults } from "./save-result.ts";
import { inBatches } from "./slices.ts";

export interface CompleteAttempt {
  attemptId: string;
  epoch: number;
  result: StageResult;
  /** All of them stored already: bytes first, rows afterwards. */
  artifacts: ArtifactRef[];
}

/** `superseded`: the attempt was lost, cancelled or completed before, and nothing is written. */
export type CompleteAnswer = { outcome: "completed" | "superseded" };

/** Commits what an attempt achieved, exactly once, and makes ready what waited for it. */
export const completeAttempt = async (deps: Deps, completion: CompleteAttempt): Promise<CompleteAnswer> =>
  (await completeAttempts(deps, [completion]))[0] as CompleteAnswer | Promise<CompleteAnswer>;

/**
 * The same for several attempts, each once, in one transaction: one that cannot be written rolls back all of them. They are of one
 * kind, so that what waits for them comes behind all of them in the order in which every writer locks. One that another transaction
 * holds is completed alone when that has ended, and its answer comes later.
 */
export async function completeAttempts(
  deps: Deps,
  completions: readonly CompleteAttempt[],
): Promise<(CompleteAnswer | Promise<CompleteAnswer>)[]> {
  const answers = await commit(deps, async (t) => {
    const held = await t.many(sql.holdAttempts, { attemptIds: completions.map(({ attemptId }) => attemptId) });
    return complete(t, completions, held);
  });
  return completions.map((each) => answers.get(each.attemptId) ?? completeAlone(deps, each));
}

const completeAlone = (deps: Deps, completion: CompleteAttempt): Promise<CompleteAnswer> =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId: completion.attemptId });
    const answers = await complete(t, [completion], attempt ? [attempt] : []);
    return answers.get(completion.attemptId) ?? { outcome: "superseded" };
  });

/** Completes those whose attempts are locked; the others have no answer. */
async function complete(
  t: CommandTx,
  completions: readonly CompleteAttempt[],
  locked: readonly sql.HeldAttempt[],
): Promise<Map<string, CompleteAnswer>> {
  const attempts = new Map(locked.map((attempt) => [attempt.id, attempt]));
  const found = completions.flatMap(({ epoch, ...completion }) => {
    const attempt = attempts.get(completion.attemptId);
    if (!mayWrite(attempt, epoch)) return []; // lost or cancelled meanwhile
    refuseOtherKind(attempt, completion.result);
    return [{ ...completion, stageRunId: attempt.stageRunId }];
  });
  if (found.length > 0) await write(t, found);
  const completed = new Set(found.map(({ attemptId }) => attemptId));
  return new Map(locked.map(({ id }) => [id, { outcome: completed.has(id) ? "completed" : "superseded" }]));
}

async function write(
  t: CommandTx,
  found: readonly (Omit<CompleteAttempt, "epoch"> & { stageRunId: string })[],
): Promise<void> {
  const stageRunIds = found.map(({ stageRunId }) => stageRunId);
  const completions = found.map(({ attemptId, result, artifacts }) => ({ attemptId, result, artifacts }));
  const [done, , consumers] = await Promise.all([
    t.many(sql.completeAttempts, { completions }),
    saveResults(t, found),
    t.many(sql.lockConsumers, { stageRunIds }),
    finishExperiments(t, stageRunIds), // whether its consumers are ready or still blocked, they are waited for
  ]);
  if (done.length !== found.length) throw new Error(`of ${found.length} locked attempts ${done.length} could be ended`);
  t.concerned.add("events").add("dispatch"); // slots are free
  await unblock(t, consumers);
}

function refuseOtherKind({ kind }: sql.HeldAttempt, result: StageResult): void {
  if (result.kind !== kind) {
    throw new ReluctantError("invalid-request", `the result is of a ${result.kind}, the attempt of a ${kind}`, [
      { field: "result.kind", message: `must be ${kind}` },
    ]);
  }
}

/** Those whose last input this was become ready. */
async function unblock(t: CommandTx, consumers: readonly { id: string }[]): Promise<void> {
  for (const batch of inBatches(consumers)) {
    const recounted = await t.many(sql.unblockStageRuns, { stageRunIds: batch.map(({ id }) => id) });
    await announce(
      t,
      recounted.filter(({ state }) => state === "ready").map(({ id }) => stageRunChanged(id, "ready")),
    );
  }
}
