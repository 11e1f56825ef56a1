import { hostname } from "node:os";
import { type EngineInfo, ReluctantError, type SlotLabels, type WorkerDatasets } from "@reluctant/contracts";
import { type Agent, type Deps, leaveWorker, registerWorker, tellDatasets } from "@reluctant/control";
import { type Consumer, createWakeSignal, type Delivery, type Notifications } from "@reluctant/queue";
import { implementationVersions } from "@reluctant/stages/definitions";
import type { Logger } from "@reluctant/telemetry";
import type { ArtifactCache } from "./artifact-cache.ts";
import type { Claim } from "./assignment.ts";
import { type RunningAttempt, runAttempt } from "./attempt.ts";
import { msToNextBeat } from "./beat-clock.ts";
import type { DatasetCache } from "./dataset-cache.ts";
import type { HeldDatasets } from "./datasets.ts";
import { isSameEngine } from "./engine.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { createServiceGate } from "./service-gate.ts";
import { type Ending, nextPhase, type SlotPhase } from "./slot.ts";
import type { SlotFile } from "./slot-file.ts";

export interface SupervisorOptions {
  deps: Deps;
  agent: Agent;
  consumer: Consumer;
  notifications: Notifications;
  cache: ArtifactCache;
  datasetCache: DatasetCache;
  slot: SlotFile;
  scratchRoot: string;
  childScript: URL;
  childEnv: NodeJS.ProcessEnv;
  checkpointSeconds?: number | undefined;
  name: string;
  pool: string;
  labels: SlotLabels;
  /** Bytes; null where it has no GPU, or they are not known. */
  gpuMemory: number | null;
  engine: EngineInfo;
  datasets: HeldDatasets;
  log: Logger;
}

/** `replaced`: another worker has taken its name. */
export type SlotEnd = "drained" | "replaced";

export interface Supervisor {
  /**
   * Serves the slot until it is drained.
   * @throws ReluctantError `unavailable`, once it has signed off, when a training process computes with another engine
   */
  run(): Promise<SlotEnd>;
  /** Takes no more work and ends what runs at a checkpoint; a second call ends it at once. */
  drain(): void;
}

const tellMs = 1_000;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { deps, agent, consumer, notifications, datasets, log } = options;
  const draining = new AbortController();
  const serviceGate = createServiceGate();
  const wakeSignal = createWakeSignal();
  let phase: SlotPhase = "free";
  let current: RunningAttempt | null = null;
  let replaced = false;
  let unfit: Error | null = null;

  const enter = (next: SlotPhase) => {
    phase = nextPhase(phase, next);
    wakeSignal.notify();
  };

  const register = () =>
    registerWorker(deps, {
      name: options.name,
      hostname: hostname(),
      pool: options.pool,
      labels: options.labels,
      gpuMemory: options.gpuMemory,
      engine: options.engine,
      versions: implementationVersions,
      ...datasets.now,
    });

  /** Says what the data folders hold as it changes: one that becomes ready at once, how far the others are each second. */
  const tellUntil = async (workerId: string, signal: AbortSignal) => {
    let told: WorkerDatasets | null = null; // one may have become ready while it was registered
    const changed = createWakeSignal();
    const stopListening = datasets.onChange(changed.notify);
    while (!signal.aborted) {
      const { now } = datasets;
      if (now !== told) {
        const answered = await tellDatasets(deps, { workerId, ...now }).then(
          () => true,
          (err: unknown) => log.debug({ err }, "what the data folders hold could not be told yet"),
        );
        if (answered) told = now;
      }
      await changed.wait(told === now && now.preparingDatasets.length === 0 ? 60_000 : tellMs, signal);
    }
    stopListening();
  };

  const beatUntil = async (workerId: string, signal: AbortSignal) => {
    while (!signal.aborted) {
      const state = draining.signal.aborted ? "draining" : phase === "free" ? "idle" : "busy";
      const beat = await agent.beatWorker({ workerId, state }).catch((err: unknown) => {
        log.debug({ err }, "a worker's beat was not answered");
      });
      if (beat?.answer === "drained" && serviceGate.close())
        log.warn({ reason: beat.reason }, "out of service: takes no more work");
      if (beat?.answer === "go on" && serviceGate.open()) log.info("takes work again");
      if (beat?.answer === "replaced" && !replaced) {
        replaced = true;
        log.error(`another worker took the name "${options.name}": give each a name of its own; this one ends`);
        drain();
      }
      await wakeSignal.wait(msToNextBeat(), signal);
    }
  };

  /** A GPU that went must not be recorded as what computed: the attempt goes to another, and the next start looks again. */
  const onEngine = (found: EngineInfo) => {
    const { engine } = options;
    if (unfit || isSameEngine(found, engine)) return;
    log.error({ found, registered: engine }, "a training process computes with another engine than this worker has");
    const was = `${engine.backend} on ${engine.device}`;
    const message = `this worker had ${was}, and a training process found ${found.backend} on ${found.device}`;
    unfit = new ReluctantError("unavailable", message);
    drain();
    current?.stop("forceDrain");
  };

  /** One job, from claim to report; the delivery ends last, so that the queue shows the attempt while it lasts. */
  const serve = async (delivery: Delivery, workerId: string): Promise<void> => {
    const { attemptId } = delivery.payload;
    enter("claiming");
    const claimed = await claim(attemptId, workerId);
    if ("dropped" in claimed) {
      enter("free");
      log.info({ attemptId, reason: claimed.dropped }, "the job is not run here");
      return delivery.finish({ state: "failed", reason: claimed.dropped });
    }
    const attemptLog = log.child({
      attemptId,
      epoch: claimed.epoch,
      implementation: claimed.assignment.implementation,
    });
    attemptLog.info("the attempt is claimed");
    current = runAttempt({ ...options, claim: claimed, onPhase: enter, onEngine, log: attemptLog });
    if (draining.signal.aborted) current.stop("drain");
    const ending = await current.ended;
    current = null;
    attemptLog.info(
      { ending: ending.outcome, failure: ending.outcome === "failed" ? ending.failure : undefined },
      "the attempt is over",
    );
    await delivery.finish(outcomeOf(ending));
    enter("free");
  };

  const claim = async (attemptId: string, workerId: string): Promise<Claim | { dropped: string }> => {
    try {
      const answer = await retryUnavailable(() => agent.claimAttempt({ attemptId, workerId }), {
        signal: draining.signal,
        log,
      });
      if (answer.outcome === "claimed") return answer;
      if (answer.outcome === "failed") log.error({ err: answer.error, attemptId }, "an attempt cannot be run at all");
      return { dropped: answer.outcome === "superseded" ? answer.outcome : `${answer.outcome}: ${answer.reason}` };
    } catch (err) {
      if (draining.signal.aborted) return { dropped: "the worker ends" };
      log.error({ err, attemptId }, "an attempt could not be claimed");
      return { dropped: "the claim failed" };
    }
  };

  const drain = () => {
    current?.stop(draining.signal.aborted ? "forceDrain" : "drain");
    draining.abort(new Error("the worker was asked to end"));
    wakeSignal.notify();
  };

  return {
    drain,
    async run() {
      const registered = await retryUnavailable(register, { signal: draining.signal, log }).catch((error: unknown) => {
        if (draining.signal.aborted) return null; // asked to end before Postgres was there
        throw error;
      });
      if (!registered) return "drained";
      const { workerId } = registered;
      const beats = new AbortController();
      const beating = Promise.all([beatUntil(workerId, beats.signal), tellUntil(workerId, beats.signal)]);
      const unsubscribe = notifications.on("stop", () => current?.beatNow());
      log.info({ workerId, pool: options.pool, engine: options.engine, datasets: datasets.now.datasets }, "ready");
      try {
        while (!draining.signal.aborted) {
          await serviceGate.opened(draining.signal);
          const delivery = await consumer.next(AbortSignal.any([draining.signal, serviceGate.closed]));
          if (delivery) await serve(delivery, workerId);
        }
        enter("closed");
      } finally {
        // Also where it fails: while it beat on, work would be sent to a slot that nobody serves.
        unsubscribe();
        beats.abort();
        await beating;
      }
      if (replaced) return "replaced";
      await leaveWorker(deps, { workerId }).catch((err: unknown) => log.warn({ err }, "the worker could not sign off"));
      if (unfit) throw unfit;
      return "drained";
    },
  };
}

function outcomeOf(ending: Ending): Parameters<Delivery["finish"]>[0] {
  switch (ending.outcome) {
    case "succeeded":
      return { state: "completed" };
    case "failed":
      return { state: "failed", reason: ending.failure.message };
    case "released":
      return { state: "failed", reason: ending.release };
    case "abandoned":
      return { state: "failed", reason: "superseded" };
  }
}
