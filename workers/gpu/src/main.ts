import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { configuredArtifacts } from "@reluctant/artifacts";
import { ReluctantError } from "@reluctant/contracts";
import {
  createAgent,
  type Deps,
  datasetParts,
  handBackAttempt,
  keepDatasetCard,
  registerDataset,
} from "@reluctant/control";
import { requireDataFolders } from "@reluctant/datasets";
import { openDatabase } from "@reluctant/db";
import { backendCaches } from "@reluctant/machine";
import { createConsumer, createNotifications, openRedis, queueNames } from "@reluctant/queue";
import { createLogger, settingsOrEnd } from "@reluctant/telemetry";
import { createArtifactCache } from "./artifact-cache.ts";
import { makeCache, readConfig } from "./config.ts";
import { createDatasetCache } from "./dataset-cache.ts";
import { engineLeft, environmentOf, gpuMemoryOf } from "./engine.ts";
import { preparedFolder } from "./prepared-folder.ts";
import { startPreparing } from "./preparing-process.ts";
import { probeEngine } from "./probe.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { type Fence, type SlotFile, takeSlot } from "./slot-file.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

/** A supervisor of one slot: `node dist/main.js`, configured by the environment (config.ts). SIGTERM drains it. */
const config = settingsOrEnd((env) => {
  const settings = readConfig(env);
  makeCache(settings);
  return settings;
});
const log = createLogger({ name: "worker", level: config.logLevel });

/** Aborted when it is asked to end while it has no slot to serve yet. */
const starting = new AbortController();
let supervisor: Supervisor | null = null;
/** Slurm asks each process of a job, and the job's script passes it on: what comes within a second is one request. */
const oneRequestMs = 1_000;
let askedAt = Number.NEGATIVE_INFINITY;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (performance.now() - askedAt < oneRequestMs) return;
    askedAt = performance.now();
    log.info({ signal }, "asked to end");
    if (supervisor) supervisor.drain();
    else starting.abort();
  });
}

try {
  await main();
  process.exit(0);
} catch (err) {
  if (starting.signal.aborted) process.exit(0);
  if (err instanceof ReluctantError) log.fatal(err.message);
  else log.fatal({ err }, "the worker ends");
  process.exit(1);
}

async function main(): Promise<void> {
  await requireDataFolders(config.dataFolders, "RELUCTANT_DATA");
  const { slot, ended, left } = await takeSlot(config.cacheDir, config.slotName);
  if (ended) log.warn({ pid: ended.pid }, "ended a training process that an earlier supervisor left");
  const { signal } = starting;
  const db = openDatabase(config.databaseUrl, { poolSize: 4 });
  const redis = openRedis({ url: config.redisUrl, prefix: config.redisPrefix, log });
  const notifications = createNotifications(redis);
  const deps = { db, artifacts: await configuredArtifacts(db, config.artifacts), notifications };
  const handedBack = left && handBack(deps, slot, left.attempt); // at once: another worker may be free already
  handedBack?.catch(() => {}); // told below
  const scratchRoot = join(config.cacheDir, "scratch", encodeURIComponent(config.slotName));
  await rm(scratchRoot, { recursive: true, force: true });
  await mkdir(scratchRoot, { recursive: true });

  const childScript = new URL("./child.js", import.meta.url);
  const { cacheDir } = config;
  const childEnv = { ...process.env, RELUCTANT_CACHE: cacheDir, ...backendCaches(process.env, cacheDir) };
  const preparing = startPreparing({
    script: new URL("./preparing.js", import.meta.url),
    task: { folders: config.dataFolders, cacheDir: preparedFolder(cacheDir) },
    env: process.env,
    catalog: {
      register: (dataset) => retryUnavailable(() => registerDataset({ db }, dataset), { signal, log }),
      keepCard: (card) => retryUnavailable(() => keepDatasetCard({ db }, card), { signal, log }),
    },
    log,
  });
  const environment = environmentOf(childEnv);
  const engine =
    engineLeft(left, environment) ?? (await unlessAborted(signal, probeEngine({ childScript, env: childEnv })));
  slot.computesWith({ info: engine, environment });
  await unlessAborted(signal, preparing.opened); // those that are not there yet come while it serves

  signal.throwIfAborted();
  await handedBack;
  const consumer = createConsumer({ redis, queues: queueNames(config.pool), workerName: config.name });
  supervisor = createSupervisor({
    deps,
    agent: createAgent(deps),
    consumer,
    notifications,
    cache: createArtifactCache({ folder: join(config.cacheDir, "artifacts"), artifacts: deps.artifacts }),
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
  await supervisor.run();
  preparing.end();
  await consumer.close();
  await redis.close();
  await slot.close();
  await db.close();
}

/** What the supervisor before ran, waiting for Postgres if need be: a claim of this one would overwrite its record. */
async function handBack(deps: Deps, slot: SlotFile, left: Fence): Promise<void> {
  const { outcome } = await retryUnavailable(() => handBackAttempt(deps, left), { signal: starting.signal, log });
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
