import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EngineInfo } from "@reluctant/contracts";
import { datasetParts, handBackAttempt } from "@reluctant/control";
import { backendCaches } from "@reluctant/machine";
import { createConsumer, queueNames } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import type { SlotConfig, WorkerConfig } from "./config.ts";
import { createDatasetCache } from "./dataset-cache.ts";
import { engineLeft, environmentOf, gpuMemoryOf } from "./engine.ts";
import type { Host } from "./host.ts";
import { preparedFolder } from "./prepared-folder.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { type Left, type SlotFile, takeSlot } from "./slot-file.ts";
import { createSupervisor, type SlotEnd, type Supervisor } from "./supervisor.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface ServeSlotOptions {
  /** Aborted where it is asked to end before it serves. */
  signal: AbortSignal;
  /** Holds its supervisor while it serves: from then on it ends by being drained. */
  serving: Set<Supervisor>;
  log: Logger;
}

/**
 * A slot of this process, from its file on the machine to its sign-off. Whatever the outcome, it may be served again.
 * @throws the signal's reason where it was aborted before it served
 * @throws Error of what keeps it from being served, or, once it has signed off, when its engine is another than it was
 */
export async function serveSlot(host: Host, { config, env }: SlotConfig, options: ServeSlotOptions): Promise<SlotEnd> {
  const { signal, log } = options;
  const { cacheDir, slotName } = config;
  const { slot, ended, left } = await takeSlot(cacheDir, slotName);
  if (ended) log.warn({ pid: ended.pid }, "ended a training process that an earlier supervisor left");
  const handedBack = handBack(host, slot, left, options); // at once: another worker may be free already
  handedBack.catch(() => {}); // told below
  try {
    const scratchRoot = join(cacheDir, "scratch", encodeURIComponent(slotName));
    await rm(scratchRoot, { recursive: true, force: true });
    await mkdir(scratchRoot, { recursive: true });
    const childEnv = { ...env, RELUCTANT_CACHE: cacheDir, ...backendCaches(env, cacheDir) };
    const environment = environmentOf(childEnv);
    const engine = engineLeft(left, environment) ?? (await unlessAborted(signal, host.probe(childEnv)));
    slot.computesWith({ info: engine, environment });
    await unlessAborted(signal, host.preparing.opened); // those that are not there yet come while it serves
    await handedBack;
    signal.throwIfAborted();
    return await supervise(host, config, { slot, scratchRoot, childEnv, engine }, options);
  } finally {
    await Promise.allSettled([handedBack]); // it writes the slot's file
    await slot.close();
  }
}

interface Prepared {
  slot: SlotFile;
  scratchRoot: string;
  childEnv: NodeJS.ProcessEnv;
  engine: EngineInfo;
}

async function supervise(
  host: Host,
  config: WorkerConfig,
  { slot, scratchRoot, childEnv, engine }: Prepared,
  { serving, log }: ServeSlotOptions,
): Promise<SlotEnd> {
  const { deps, preparing, childScript } = host;
  const consumer = createConsumer({ redis: host.redis, queues: queueNames(config.pool), workerName: config.name });
  const supervisor = createSupervisor({
    deps,
    agent: host.agent,
    consumer,
    notifications: host.notifications,
    cache: host.artifactCache,
    datasetCache: createDatasetCache({
      folder: preparedFolder(config.cacheDir),
      slotName: config.slotName,
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
  serving.add(supervisor);
  try {
    return await supervisor.run();
  } finally {
    serving.delete(supervisor);
    await consumer.close();
  }
}

/**
 * Gives back what the supervisor before ran, waiting for Postgres if need be: a claim of this one would overwrite its record. Where
 * that is refused the attempt is left to its lease, and where this process is to end, to the next one.
 */
async function handBack(
  { deps }: Host,
  slot: SlotFile,
  left: Left | null,
  { signal, log }: ServeSlotOptions,
): Promise<void> {
  if (!left) return;
  const { attempt } = left;
  try {
    const { outcome } = await retryUnavailable(() => handBackAttempt(deps, attempt), { signal, log });
    log.warn({ ...attempt, outcome }, "handed back the attempt of an earlier supervisor");
  } catch (err) {
    if (signal.aborted) return;
    log.error({ err, ...attempt }, "the attempt of an earlier supervisor could not be handed back");
  }
  await slot.release();
}
