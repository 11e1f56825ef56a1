import { join } from "node:path";
import { configuredArtifacts } from "@reluctant/artifacts";
import type { EngineInfo } from "@reluctant/contracts";
import { type Agent, createAgent, type Deps, keepDatasetCard, registerDataset } from "@reluctant/control";
import { requireDataFolders } from "@reluctant/datasets";
import { openDatabase } from "@reluctant/db";
import { createNotifications, type Notifications, openRedis, type Redis } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import { type ArtifactCache, createArtifactCache } from "./artifact-cache.ts";
import type { WorkerConfig } from "./config.ts";
import { preparedFolder } from "./prepared-folder.ts";
import { type Preparing, startPreparing } from "./preparing-process.ts";
import { createProbe } from "./probe.ts";
import { retryUnavailable } from "./retry-unavailable.ts";

/** What the slots of this process share: the ways to Postgres and Redis, the caches, and the process that prepares data sets. */
export interface Host {
  deps: Deps;
  agent: Agent;
  redis: Redis;
  notifications: Notifications;
  artifactCache: ArtifactCache;
  preparing: Preparing;
  /** What a training process computes with in this environment. */
  probe(env: NodeJS.ProcessEnv): Promise<EngineInfo>;
  childScript: URL;
  close(): Promise<void>;
}

export interface HostOptions {
  /** Of any of the slots. */
  config: WorkerConfig;
  slots: number;
  /** Aborted where the process is asked to end before it serves. */
  signal: AbortSignal;
  log: Logger;
}

/** Connections to Postgres: for what the slots ask together, and for what each writes of its own. */
const connectionsFor = (slots: number): number => Math.min(3 + slots, 12);

export async function openHost({ config, slots, signal, log }: HostOptions): Promise<Host> {
  const { cacheDir, dataFolders } = config;
  await requireDataFolders(dataFolders, "RELUCTANT_DATA");
  const db = openDatabase(config.databaseUrl, { poolSize: connectionsFor(slots) });
  const redis = openRedis({ url: config.redisUrl, prefix: config.redisPrefix, log });
  const notifications = createNotifications(redis);
  const artifacts = await configuredArtifacts(db, config.artifacts);
  const deps = { db, artifacts, notifications };
  const childScript = new URL("./child.js", import.meta.url);
  const preparing = startPreparing({
    script: new URL("./preparing.js", import.meta.url),
    task: { folders: dataFolders, cacheDir: preparedFolder(cacheDir) },
    env: process.env,
    catalog: {
      register: (dataset) => retryUnavailable(() => registerDataset({ db }, dataset), { signal, log }),
      keepCard: (card) => retryUnavailable(() => keepDatasetCard({ db }, card), { signal, log }),
    },
    log,
  });
  return {
    deps,
    agent: createAgent(deps),
    redis,
    notifications,
    artifactCache: createArtifactCache({ folder: join(cacheDir, "artifacts"), artifacts }),
    preparing,
    probe: createProbe(childScript),
    childScript,
    async close() {
      preparing.end();
      await redis.close();
      await db.close();
    },
  };
}
