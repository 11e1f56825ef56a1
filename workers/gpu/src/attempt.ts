import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArtifactRef, FromChild, Progress } from "@reluctant/contracts";
import {
  appendLog,
  beatAttempt,
  completeAttempt,
  type Deps,
  failAttempt,
  recordCheckpoint,
  releaseAttempt,
  writeMetrics,
} from "@reluctant/control";
import { type AssignmentOptions, prepareAssignment } from "./assignment.ts";
import { type Child, startChild } from "./child-process.ts";
import { AttemptFailure } from "./failure.ts";
import { keepLease } from "./lease.ts";
import { createLogRelay } from "./log-relay.ts";
import { createMetricsBatch } from "./metrics-batch.ts";
import { persist } from "./persist.ts";
import { startRelay } from "./relay.ts";
import { type Ending, endingOf, type LastWord, type SlotPhase, type StopCause, stopCauses, strictest } from "./slot.ts";
import type { SlotFile } from "./slot-file.ts";
import { discard, upload } from "./uploads.ts";

export interface AttemptOptions extends AssignmentOptions {
  deps: Deps;
  slot: SlotFile;
  /** Existing folder on the cache's file system, for this slot alone. */
  scratchRoot: string;
  childScript: URL;
  childEnv: NodeJS.ProcessEnv;
  onPhase: (phase: SlotPhase) => void;
}

/** A claimed attempt that runs. */
export interface RunningAttempt {
  readonly attemptId: string;
  stop(cause: StopCause): void;
  /** Beats without waiting: something may have been asked. */
  beatNow(): void;
  /** Resolves when the process group is gone and its end is recorded, or is no longer ours to record. Never rejects. */
  readonly ended: Promise<Ending>;
}

/** A child that has said its last word has this long to be gone. */
const exitWithinMs = 5_000;
/** A worker in a hurry that cannot reach Postgres leaves its attempt to the lease, which costs the user nothing. */
const hurryMs = 10_000;

export function runAttempt(options: AttemptOptions): RunningAttempt {
  const { deps, claim, log } = options;
  const { epoch } = claim;
  const { attemptId } = claim.assignment;
  const ours = { attemptId, epoch };

  let cause: StopCause | null = null;
  let child: Child | null = null;
  let word: LastWord | null = null;
  let progress: Progress | undefined;
  let step: number | null = null;
  let deadline: NodeJS.Timeout | undefined;
  let hurry: NodeJS.Timeout | undefined;
  const stopped = new AbortController(); // any stop: ends what happens before the child
  const stale = new AbortController(); // the epoch is not ours: ends every write

  const logs = createLogRelay((chunk) => appendLog(deps, { ...ours, ...chunk }));
  const metrics = createMetricsBatch((points) => writeMetrics(deps, { ...ours, points }));
  const relay = startRelay({ flushes: [metrics.flush, logs.flush], onStale: () => stop("stale"), log });
  const lease = keepLease({
    beat: () => beatAttempt(deps, { ...ours, progress }),
    onStop: (asked) => stop(asked),
    log,
  });

  const killAfter = (ms: number) => {
    clearTimeout(deadline);
    deadline = setTimeout(() => child?.kill(), ms);
  };

  const stop = (asked: StopCause) => {
    if (asked === "hurry") hurry ??= setTimeout(() => stop("stale"), hurryMs);
    const before = cause;
    cause = strictest(before, asked);
    if (cause === before) return;
    log.info({ cause }, "the attempt is asked to stop");
    if (cause === "stale") stale.abort(new Error("the attempt is not this worker's any more"));
    stopped.abort(new Error(`the attempt was stopped: ${cause}`));
    if (child) askChildToStop(child, cause);
  };

  const askChildToStop = (running: Child, why: StopCause) => {
    options.onPhase("stopping");
    running.send({ type: "stop", how: stopCauses[why].how });
    killAfter(stopCauses[why].graceMs);
  };

  let checkpoints = Promise.resolve();
  const keepCheckpoint = (message: Extract<FromChild, { type: "checkpoint" }>, scratch: string) => {
    checkpoints = checkpoints
      .then(() =>
        persist(
          async () => {
            const { sha256 } = await upload({ artifacts: deps.artifacts, attemptId, scratch, file: message.file });
            if ((await recordCheckpoint(deps, { ...ours, step: message.step, sha256 })) === "stale") stop("stale");
          },
          { signal: stale.signal, log },
        ),
      )
      .then(() => discard(message.file))
      .catch((err: unknown) => {
        if (!stale.signal.aborted) log.error({ err, step: message.step }, "a checkpoint could not be kept");
      });
  };

  const hear = (message: FromChild, scratch: string) => {
    switch (message.type) {
      case "ready":
        return log.info({ engine: message.engine }, "the training process is ready");
      case "started":
        step = message.step;
        return;
      case "progress":
        progress = message.progress;
        step = message.progress.step;
        return metrics.add(message.points);
      case "log":
        return logs.line(message.line);
      case "checkpoint":
        return keepCheckpoint(message, scratch);
      case "succeeded":
        metrics.add(message.points);
        word = message;
        return killAfter(exitWithinMs);
      case "failed":
      case "stopped":
        word = message;
        return killAfter(exitWithinMs);
    }
  };

  /** From an empty scratch folder to a child whose process group is gone. */
  const train = async (scratch: string): Promise<Ending> => {
    const assignment = await prepareAssignment(options, scratch, stopped.signal);
    const running = startChild({
      script: options.childScript,
      args: [],
      env: options.childEnv,
      onMessage: (message) => hear(message, scratch),
      onOutput: logs.write,
    });
    child = running;
    options.onPhase("training");
    if (running.pid) await options.slot.hold(running.pid);
    running.send({ type: "start", assignment });
    if (cause) askChildToStop(running, cause);
    const end = await running.gone;
    clearTimeout(deadline);
    child = null;
    log.info({ code: end.code, signal: end.signal }, "the training process is gone");
    await checkpoints;
    return endingOf({ cause, word, end, step });
  };

  const run = async (): Promise<Ending> => {
    const scratch = join(options.scratchRoot, attemptId);
    options.onPhase("preparing");
    const ending = await train(scratch).catch((error: unknown): Ending => {
      if (cause) return endingOf({ cause, word: null, end: null, step });
      log.error({ err: error }, "the attempt failed in the supervisor");
      return { as: "failed", failure: failureOf(error) };
    });
    options.onPhase("reporting");
    await options.slot.release();
    const reported = await report(ending, scratch);
    clearTimeout(hurry);
    await lease.stop();
    await rm(scratch, { recursive: true, force: true });
    return reported;
  };

  /** Tells Postgres how it ended; answers what became of it there. Waits for Postgres while the attempt is ours. */
  const report = async (ending: Ending, scratch: string): Promise<Ending> => {
    if (ending.as === "abandoned") stale.abort(new Error("the attempt was abandoned"));
    try {
      await relay.finish(stale.signal).catch((err: unknown) => {
        if (!stale.signal.aborted) log.error({ err }, "metrics or logs of the attempt are not complete");
      });
      return await record(ending, scratch);
    } catch (error) {
      if (stale.signal.aborted) return { as: "abandoned" };
      log.error({ err: error, ending: ending.as }, "the attempt's end could not be recorded");
      return ending.as === "succeeded"
        ? report({ as: "failed", failure: failureOf(error) }, scratch)
        : { as: "abandoned" };
    }
  };

  const record = async (ending: Ending, scratch: string): Promise<Ending> => {
    const untilStale = { signal: stale.signal, log };
    if (ending.as === "failed") {
      await persist(() => failAttempt(deps, { ...ours, failure: ending.failure }), untilStale);
    } else if (ending.as === "released") {
      await persist(() => releaseAttempt(deps, { ...ours, as: ending.release, step: ending.step }), untilStale);
    } else if (ending.as === "succeeded") {
      const { result, files } = ending.word;
      const artifacts: ArtifactRef[] = [];
      for (const file of files) {
        artifacts.push(
          await persist(() => upload({ artifacts: deps.artifacts, attemptId, scratch, file }), untilStale),
        );
      }
      const { outcome } = await persist(() => completeAttempt(deps, { ...ours, result, artifacts }), untilStale);
      if (outcome === "superseded") return { as: "abandoned" };
    }
    return ending;
  };

  return { attemptId, stop, beatNow: lease.beatNow, ended: run() };
}

function failureOf(error: unknown): AttemptFailure["failure"] {
  if (error instanceof AttemptFailure) return error.failure;
  return new AttemptFailure("internal", error instanceof Error ? error.message : String(error)).failure;
}
