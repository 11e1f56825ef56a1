import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { postgresArtifacts } from "@reluctant/artifacts";
import { registerDataset } from "@reluctant/control";
import { openDatabase } from "@reluctant/db";
import { createConsumer, createWakes, openRedis, queueNames } from "@reluctant/queue";
import { createLogger, settingsOrEnd } from "@reluctant/telemetry";
import { createArtifactCache } from "./artifact-cache.ts";
import { makeCache, readConfig } from "./config.ts";
import { prepareDatasets } from "./datasets.ts";
import { persist } from "./persist.ts";
import { probeEngine } from "./probe.ts";
import { takeSlot } from "./slot-file.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

/** A supervisor of one slot: `node dist/main.js`, configured by the environment (config.ts). SIGTERM drains it. */
const config = settingsOrEnd((env) => {
  const settings = readConfig(env);
  makeCache(settings);
  return settings;
});
const log = createLogger({ name: "worker", level: config.logLevel });

let supervisor: Supervisor | null = null;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    log.info({ signal }, "asked to end");
    if (supervisor) supervisor.drain();
    else process.exit(0); // nothing is ours yet
  });
}

try {
  await main();
  process.exit(0);
} catch (err) {
  log.fatal({ err }, "the worker ends");
  process.exit(1);
}

async function main(): Promise<void> {
  const { slot, ended } = await takeSlot(config.cacheDir, config.slotName);
  if (ended) log.warn({ pid: ended.pid }, "ended a training process that an earlier supervisor left");
  const scratchRoot = join(config.cacheDir, "scratch", encodeURIComponent(config.slotName));
  await rm(scratchRoot, { recursive: true, force: true });
  await mkdir(scratchRoot, { recursive: true });

  const childScript = new URL("./child.js", import.meta.url);
  const childEnv = { ...process.env, RELUCTANT_CACHE: config.cacheDir };
  const [engine, datasets] = await Promise.all([
    probeEngine({ childScript, env: childEnv }),
    prepareDatasets({ folders: config.dataFolders, cacheDir: config.cacheDir, log }),
  ]);

  const db = openDatabase(config.databaseUrl, { poolSize: 4 });
  const deps = { db, artifacts: postgresArtifacts(db) };
  for (const dataset of datasets)
    await persist(() => registerDataset(deps, dataset), { signal: new AbortController().signal, log });

  const redis = openRedis({ url: config.redisUrl, prefix: config.redisPrefix, log });
  const wakes = createWakes(redis);
  const consumer = createConsumer({ redis, wakes, queues: queueNames(config.pool), workerName: config.name });
  supervisor = createSupervisor({
    deps,
    consumer,
    wakes,
    cache: createArtifactCache({ folder: join(config.cacheDir, "artifacts"), artifacts: deps.artifacts }),
    slot,
    scratchRoot,
    childScript,
    // An attempt computes on the backend that it is recorded with, or fails: no child falls back on another.
    childEnv: { ...childEnv, RELUCTANT_BACKEND: engine.backend },
    checkpointSeconds: config.checkpointSeconds,
    name: config.name,
    pool: config.pool,
    engine,
    datasets: datasets.map(({ version }) => version),
    log,
  });
  await supervisor.run();
  await consumer.close();
  await redis.close();
  await slot.close();
  await db.close();
}
