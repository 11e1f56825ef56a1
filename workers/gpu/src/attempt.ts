import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { EngineInfo } from "@reluctant/contracts";
import type { Agent, Deps } from "@reluctant/control";
import { type AssignmentOptions, prepareAssignment } from "./assignment.ts";
import type { AttemptContext } from "./attempt-context.ts";
import { failureOf } from "./attempt-failure.ts";
import { receiveMessages } from "./child-messages.ts";
import type { DatasetCache } from "./dataset-cache.ts";
import { keepLease } from "./lease.ts";
import { report } from "./reporting.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { type Ending, endingOf, type SlotPhase, type StopCause } from "./slot.ts";
import type { SlotFile } from "./slot-file.ts";
import { createStopOrder } from "./stop-order.ts";
import { train } from "./training.ts";

export interface AttemptOptions extends AssignmentOptions {
  deps: Deps;
  agent: Agent;
  datasetCache: DatasetCache;
  slot: SlotFile;
  /** Existing folder on the cache's file system, for this slot alone. */
  scratchRoot: string;
  childScript: URL;
  childEnv: NodeJS.ProcessEnv;
  onPhase: (phase: SlotPhase) => void;
  /** Told what its training process computes with, before it does. */
  onEngine: (engine: EngineInfo) => void;
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

/** One attempt through the slot's phases `preparing`, `training`, `stopping` and `reporting`. The lease spans them all. */
export function runAttempt(options: AttemptOptions): RunningAttempt {
  const { deps, agent, claim, slot, onPhase, log } = options;
  const { attemptId } = claim.assignment;
  const fence = { attemptId, epoch: claim.epoch };
  const stop = createStopOrder(log);
  const context: AttemptContext = { deps, agent, fence, scratch: join(options.scratchRoot, attemptId), stop, log };
  const messages = receiveMessages(context, options.onEngine);
  const leaves = () => stop.cause === "drain" || stop.cause === "forceDrain";
  const lease = keepLease({
    beat: () => agent.beatAttempt({ ...fence, progress: messages.progress, leaves: leaves() }),
    onStop: stop.give,
    log,
  });
  stop.follow(() => leaves() && lease.beatNow());

  /** From an empty scratch folder to a child whose process group is gone. */
  const work = async (): Promise<Ending> => {
    onPhase("preparing");
    await slot.take(fence);
    const signal = stop.given;
    const bringDataset = () => options.datasetCache.use(claim.assignment.datasetVersion, signal);
    const dataset = await retryUnavailable(bringDataset, { signal, log });
    try {
      const assignment = await prepareAssignment(options, context.scratch, signal);
      const { onMessage, onOutput } = messages;
      const end = await train(assignment, { ...options, stop, onMessage, onOutput });
      await messages.checkpointsSettled();
      return endingOf({ cause: stop.cause, terminal: messages.terminal, end, step: messages.step });
    } finally {
      await dataset.release();
    }
  };

  const endingOfError = (error: unknown): Ending => {
    if (stop.cause) return endingOf({ cause: stop.cause, terminal: null, end: null, step: messages.step });
    log.error({ err: error }, "the attempt failed in the supervisor");
    return { outcome: "failed", failure: failureOf(error) };
  };

  const run = async (): Promise<Ending> => {
    const ending = await work().catch(endingOfError);
    onPhase("reporting");
    await messages.finish();
    const reported = await report(ending, context);
    // What stays on record, as on a full disk, does no harm: its process is gone, and to hand back what has ended changes nothing.
    await slot.release().catch((err: unknown) => log.warn({ err }, "the slot's file could not be written"));
    stop.close();
    await lease.stop();
    // What cannot be removed is tried again when the slot is next started, and keeps it from nothing meanwhile.
    await rm(context.scratch, { recursive: true, force: true }).catch((err: unknown) =>
      log.warn({ err }, "the attempt's scratch folder could not be removed"),
    );
    return reported;
  };

  return { attemptId, stop: stop.give, beatNow: lease.beatNow, ended: run() };
}
