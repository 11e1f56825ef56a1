import { type Assignment, type Failure, type InputName, inputRole } from "@reluctant/contracts";
import { isRetryable, isUnavailable, sql, type Tx } from "@reluctant/db";
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

/**
 * Moves an attempt from queued to running, once, and answers all that the worker needs to run it.
 * @throws what a later call may not meet: an outage, or a transaction that others got in the way of
 */
export async function claimAttempt(
  deps: Deps,
  { attemptId, workerId }: { attemptId: string; workerId: string },
): Promise<ClaimAnswer> {
  try {
    return await claim(deps, attemptId, workerId);
  } catch (error) {
    if (isUnavailable(error) || isRetryable(error)) throw error;
    return reject(deps, attemptId, error); // else it would circle between the queue and the reconciler for ever
  }
}

const claim = (deps: Deps, attemptId: string, workerId: string): Promise<ClaimAnswer> =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (attempt?.state !== "queued") return { outcome: "superseded" };
    const reason = misfit(await t.maybe(sql.fitOfWorker, { attemptId, workerId }));
    if (reason !== null) return refuse(t, attempt, reason);
    const claimed = await t.one(sql.claimAttempt, { attemptId, workerId, leaseSeconds });
    const worker = await t.one(sql.occupyWorker, { workerId });
    await announce(t, [attemptChanged({ ...attempt, worker: worker.name, step: claimed.startStep }, "running")]);
    return { outcome: "claimed", epoch: claimed.epoch, leaseSeconds, assignment: await assign(t, attemptId, claimed) };
  });

/** Why a worker may not take an attempt, in words; null when it may. */
function misfit(fit: sql.WorkerFit | null): string | null {
  if (!fit?.registered) return "the worker is not registered";
  if (fit.drainedReason !== null) return `the worker is drained: ${fit.drainedReason}`;
  if (!fit.pool) return `the worker is not in pool ${fit.wantedPool}`;
  if (!fit.version) return `the worker does not have ${fit.implementation} version ${fit.wantedVersion}`;
  if (!fit.dataset) return `the worker does not have dataset version ${fit.wantedDataset}`;
  if (!fit.precision) return `the worker does not compute in ${fit.wantedPrecision}`;
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
const reject = (deps: Deps, attemptId: string, error: unknown): Promise<ClaimAnswer> =>
  commit(deps, async (t) => {
    const attempt = await t.maybe(sql.lockAttempt, { attemptId });
    if (attempt?.state !== "queued") return { outcome: "superseded" };
    const failure = failureOf(error);
    const { message: reason } = failure;
    await closeAttempt(t, { attemptId, state: "superseded", reason, failure: null, step: null });
    await announce(t, [attemptChanged(attempt, "superseded", reason)]);
    await settleStageRun(t, attempt, { as: "failed", failure });
    return { outcome: "failed", reason, error };
  });

class MissingInput extends Error {}

function failureOf(error: unknown): Failure {
  const lost = error instanceof MissingInput;
  const message = (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
  return { code: lost ? "bad-input" : "internal", fatal: lost, message, step: null };
}

async function assign(t: Tx, attemptId: string, row: sql.ClaimedAttempt): Promise<ClaimedAssignment> {
  return {
    attemptId,
    stageRunId: row.stageRunId,
    attempt: row.number,
    implementation: row.implementation,
    version: row.version,
    params: row.params,
    precision: row.precision,
    seed: row.seed,
    datasetVersion: row.datasetVersion,
    checkpointSeconds,
    inputs: await inputArtifacts(t, row.inputs),
    resume: row.resumeSha256 === null ? null : { sha256: row.resumeSha256, step: row.startStep },
  };
}

async function inputArtifacts(t: Tx, inputs: sql.ClaimedAttempt["inputs"]): Promise<ClaimedAssignment["inputs"]> {
  const stageRunIds = inputs.flatMap(({ stageRunId }) => stageRunId ?? []);
  const outputs = await t.many(sql.artifactsOfStageRuns, { stageRunIds });
  return Object.fromEntries(
    inputs.map(({ name, stageRunId, variant, artifact }) => {
      const produced = outputs.find(
        (output) =>
          output.stageRunId === stageRunId &&
          output.variant === variant &&
          output.role === inputRole[name as InputName],
      );
      const found = artifact ?? produced?.sha256;
      if (!found)
        throw new MissingInput(
          `input ${name} has no artifact, although its stage run ${stageRunId} (${variant}) succeeded`,
        );
      return [name, found];
    }),
  );
}
