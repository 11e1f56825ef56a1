import { type Assignment, type Failure, type InputName, inputRole } from "@reluctant/contracts";
import { isRetryable, isUnavailable, type RowOf, sql } from "@reluctant/db";
import { resourcesText } from "@reluctant/relu";
import { announce, attemptChanged, stageRunChanged } from "./announce.ts";
import { type CommandTx, commit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { closeAttempt, settleStageRun } from "./end-attempt.ts";

/** An attempt's lease; a worker renews it every 3 s. */
export const leaseSeconds = 15;
/** Least time between two time-based checkpoints: at most this much work is done twice after a loss. */
const checkpointSeconds = 30;
/** A refused stage run waits this long, so that it does not circle between the queue and the same worker. */
const refusalDelaySeconds = 2;

export type ClaimedAssignment = Omit<Assignment, "inputs" | "resumeFrom" | "scratch"> & {
  /** SHA-256 of the artifact that each input takes. */
  inputs: Partial<Record<InputName, string>>;
  resume: { sha256: string; step: number } | null;
};

export type ClaimAnswer =
  | { outcome: "claimed"; epoch: number; leaseSeconds: number; assignment: ClaimedAssignment }
  /** This worker may not run it; the stage run waits for another. */
  | { outcome: "refused"; reason: string }
  /** Nobody could claim it, as `error` says. It counts as a failed attempt of its stage run. */
  | { outcome: "failed"; reason: string; error: unknown }
  /** Claimed, cancelled or superseded before: drop the job. */
  | { outcome: "superseded" };

export interface ClaimAttempt {
  attemptId: string;
  workerId: string;
}

/**
 * Moves an attempt from queued to running, once, and answers all that the worker needs to run it.
 * @throws what a later call may not meet: an outage, or a transaction that others got in the way of
 */
export const claimAttempt = async (deps: Deps, claim: ClaimAttempt): Promise<ClaimAnswer> =>
  (await claimAttempts(deps, [claim]))[0] as ClaimAnswer | Promise<ClaimAnswer>;

/**
 * The same for several attempts, each once, and workers, in one statement. One that it could not claim is looked at alone, and its
 * answer comes later.
 */
export async function claimAttempts(
  deps: Deps,
  claims: readonly ClaimAttempt[],
): Promise<(ClaimAnswer | Promise<ClaimAnswer>)[]> {
  const [only] = claims;
  try {
    const claimed = await deps.db.many(sql.claimAttempts, asked(claims));
    if (claimed.length > 0) deps.notifications.publish("events");
    const answers = new Map(claimed.map((row) => [row.attemptId, claimedAnswer(row)]));
    return claims.map(
      (claim) => answers.get(claim.attemptId) ?? claimAlone(deps, claim).catch((error) => giveUp(deps, claim, error)),
    );
  } catch (error) {
    if (!only || claims.length > 1) throw error;
    return [giveUp(deps, only, error)];
  }
}

const asked = (claims: readonly ClaimAttempt[]) => ({
  claims: claims.map(({ attemptId, workerId }) => ({ attemptId, workerId })),
  leaseSeconds,
  roles: inputRole,
});

/** Ends an attempt whose claim met an unknown fault: else it would circle between the queue and the reconciler for ever. */
async function giveUp(deps: Deps, { attemptId }: ClaimAttempt, error: unknown): Promise<ClaimAnswer> {
  if (isUnavailable(error) || isRetryable(error)) throw error;
  return commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    return attempt?.state === "queued" ? reject(t, attempt, unexpected(error)) : { outcome: "superseded" };
  });
}

/** Waits for whoever holds the attempt, and says why it cannot be claimed then. */
const claimAlone = (deps: Deps, claim: ClaimAttempt): Promise<ClaimAnswer> =>
  commit<ClaimAnswer>(deps, async (t) => {
    const { attemptId, workerId } = claim;
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (attempt?.state !== "queued") return { outcome: "superseded" };
    const claimed = await t.maybe(sql.claimAttempts, asked([claim]));
    if (claimed) {
      t.concerned.add("events");
      return claimedAnswer(claimed);
    }
    const reason = misfit(await t.maybe(sql.fitOfWorker, { attemptId, workerId }));
    if (reason !== null) return refuse(t, attempt, reason);
    const [missing] = await t.many(sql.missingInputs, { stageRunId: attempt.stageRunId, roles: inputRole });
    return missing ? reject(t, attempt, lostInput(missing)) : refuse(t, attempt, "the worker could not take it before");
  });

/** Why a worker may not take an attempt, in words; null when it may. */
function misfit(fit: sql.WorkerFit | null): string | null {
  if (!fit?.registered) return "the worker is not registered";
  if (fit.outOfService !== null) return `the worker is ${fit.outOfService}`;
  if (!fit.pool) return `the worker is not in pool ${fit.wantedPool}`;
  if (!fit.version) return `the worker does not have ${fit.implementation} version ${fit.wantedVersion}`;
  if (!fit.dataset) return `the worker does not have dataset version ${fit.wantedDataset}`;
  if (!fit.precision) return `the worker does not compute in ${fit.wantedPrecision}`;
  if (!fit.resources) return `the worker does not have what is asked for: ${resourcesText(fit.wantedResources)}`;
  return fit.free ? null : "the worker's slot is taken";
}

async function refuse(t: CommandTx, attempt: sql.LockedAttempt, reason: string): Promise<ClaimAnswer> {
  const { id: attemptId, stageRunId, failures, failedStep } = attempt;
  await closeAttempt(t, { attemptId, state: "superseded", reason, failure: null, step: null });
  await t.one(sql.requeueStageRun, { stageRunId, failures, failedStep, delaySeconds: refusalDelaySeconds });
  await announce(t, [attemptChanged(attempt, "superseded", reason), stageRunChanged(stageRunId, "ready")]);
  return { outcome: "refused", reason };
}

/** Ends a queued attempt that cannot be claimed; its stage run fails at once where another attempt meets the same. */
async function reject(
  t: CommandTx,
  attempt: sql.LockedAttempt,
  { failure, error }: { failure: Failure; error: unknown },
): Promise<ClaimAnswer> {
  const { message: reason } = failure;
  await closeAttempt(t, { attemptId: attempt.id, state: "superseded", reason, failure: null, step: null });
  await announce(t, [attemptChanged(attempt, "superseded", reason)]);
  await settleStageRun(t, attempt, { as: "failed", failure });
  return { outcome: "failed", reason, error };
}

function lostInput({ name, stageRunId, variant }: RowOf<typeof sql.missingInputs>) {
  const message = `input ${name} has no artifact, although its stage run ${stageRunId} (${variant}) succeeded`;
  return { failure: { code: "bad-input", fatal: true, message, step: null } as const, error: new Error(message) };
}

function unexpected(error: unknown) {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
  return { failure: { code: "internal", fatal: false, message, step: null } as const, error };
}

function claimedAnswer({
  epoch,
  number: attempt,
  startStep,
  resumeSha256,
  ...work
}: sql.ClaimedAttempt): Extract<ClaimAnswer, { outcome: "claimed" }> {
  const resume = resumeSha256 === null ? null : { sha256: resumeSha256, step: startStep };
  return { outcome: "claimed", epoch, leaseSeconds, assignment: { ...work, attempt, checkpointSeconds, resume } };
}
