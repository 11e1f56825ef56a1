import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Deps, datasetParts, handBackAttempt } from "@reluctant/control";
import { backendCaches } from "@reluctant/machine";
import { createConsumer, queueNames } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import type { SlotConfig } from "./config.ts";
import { createDatasetCache } from "./dataset-cache.ts";
import { engineLeft, environmentOf, gpuMemoryOf } from "./engine.ts";
import type { Host } from "./host.ts";
import { preparedFolder } from "./prepared-folder.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { type Fence, type SlotFile, takeSlot } from "./slot-file.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

export interface ServeSlotOptions {
  /** Aborted where it is asked to end before it serves. */
  signal: AbortSignal;
  /** Told once it serves: from then on it ends by being drained. */
  onSupervisor: (supervisor: Supervisor) => void;
  log: Logger;
}

/** A slot of this process, from its file on the machine to its sign-off. */
export async function serveSlot(
  host: Host,
  { config, env }: SlotConfig,
  { signal, onSupervisor, log }: ServeSlotOptions,
): Promise<void> {
  const { deps, preparing, childScript } = host;
  const { cacheDir, slotName } = config;
  const { slot, ended, left } = await takeSlot(cacheDir, slotName);
  if (ended) log.warn({ pid: ended.pid }, "ended a training process that an earlier supervisor left");
  const handedBack = left && handBack(deps, slot, left.attempt, { signal, log }); // at once: another worker may be free already
  handedBack?.catch(() => {}); // told below
  const scratchRoot = join(cacheDir, "scratch", encodeURIComponent(slotName));
  await rm(scratchRoot, { recursive: true, force: true });
  await mkdir(scratchRoot, { recursive: true });

  const childEnv = { ...env, RELUCTANT_CACHE: cacheDir, ...backendCaches(env, cacheDir) };
  const environment = environmentOf(childEnv);
  const engine = engineLeft(left, environment) ?? (await unlessAborted(signal, host.probe(childEnv)));
  slot.computesWith({ info: engine, environment });
  await unlessAborted(signal, preparing.opened); // those that are not there yet come while it serves

  signal.throwIfAborted();
  await handedBack;
  const consumer = createConsumer({ redis: host.redis, queues: queueNames(config.pool), workerName: config.name });
  const supervisor = createSupervisor({
    deps,
    agent: host.agent,
    consumer,
    notifications: host.notifications,
    cache: host.artifactCache,
    datasetCache: createDatasetCache({
      folder: preparedFolder(cacheDir),
      slotName,
      artifacts: deps.artifacts,
      partsOf: (version) => datasetParts(deps, version),
      maxBytes: config.fetchedBytes,
    }),
    slot,
    scratchRoot,
    childScript,
    // An attempt computes on the backend that it is recorded with, or fails: no child falls back on another.
    childEnv: { ...childEnv, RELUCTANT_BACKEND: engine.backend },
    checkpointSeconds: config.checkpointSeconds,
    name: config.name,
    pool: config.pool,
    labels: config.labels,
    gpuMemory: config.gpuMemory ?? gpuMemoryOf(engine),
    engine,
    datasets: preparing.datasets,
    log,
  });
  onSupervisor(supervisor);
  await supervisor.run();
  await consumer.close();
  await slot.close();
}

/** What the supervisor before ran, waiting for Postgres if need be: a claim of this one would overwrite its record. */
async function handBack(
  deps: Deps,
  slot: SlotFile,
  left: Fence,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<void> {
  const { outcome } = await retryUnavailable(() => handBackAttempt(deps, left), { signal, log });
  log.warn({ ...left, outcome }, "handed back the attempt of an earlier supervisor");
  await slot.release();
}

/** The promise, or the signal's reason where that comes first. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([promise, aborted]);
}
