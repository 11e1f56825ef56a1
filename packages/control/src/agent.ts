import { type StageKind, stageKinds } from "@reluctant/contracts";
import { type BeatAnswer, type BeatAttempt, beatAttempts } from "./beat-attempt.ts";
import { type BeatWorker, beatWorkers, type WorkerBeatAnswer } from "./beat-worker.ts";
import { type ClaimAnswer, type ClaimAttempt, claimAttempts } from "./claim-attempt.ts";
import { type CompleteAnswer, type CompleteAttempt, completeAttempts } from "./complete-attempt.ts";
import type { Deps } from "./deps.ts";
import { together } from "./together.ts";

/**
 * What the slots of a machine ask of Postgres all the time. Each asks for itself and has an answer of its own; what several ask at
 * the same moment is one statement and one commit, since most of what one costs are the way there, the commit and the start of a
 * large plan.
 */
export interface Agent {
  claimAttempt(claim: ClaimAttempt): Promise<ClaimAnswer>;
  beatAttempt(beat: BeatAttempt): Promise<BeatAnswer>;
  beatWorker(beat: BeatWorker): Promise<WorkerBeatAnswer>;
  completeAttempt(completion: CompleteAttempt): Promise<CompleteAnswer>;
}

export function createAgent(deps: Deps): Agent {
  const beats = together(
    (batch: BeatAttempt[]) => beatAttempts(deps, batch),
    ({ attemptId }) => attemptId,
  );
  const workerBeats = together(
    (batch: BeatWorker[]) => beatWorkers(deps, batch),
    ({ workerId }) => workerId,
  );
  const claims = together(
    (batch: ClaimAttempt[]) => claimAttempts(deps, batch),
    ({ attemptId }) => attemptId,
  );
  const completions = byKind(() =>
    together(
      (batch: CompleteAttempt[]) => completeAttempts(deps, batch),
      ({ attemptId }) => attemptId,
    ),
  );
  return {
    claimAttempt: claims,
    beatAttempt: beats,
    beatWorker: workerBeats,
    completeAttempt: (completion) => completions[completion.result.kind](completion),
  };
}

const byKind = <T>(make: () => T) =>
  Object.fromEntries(stageKinds.map((kind) => [kind, make()])) as Record<StageKind, T>;
