import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresArtifacts } from "@reluctant/artifacts";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import { type Deps, registerDataset } from "@reluctant/control";
import { openDatabase } from "@reluctant/db";
import { type Stack, startStack } from "@reluctant/local";
import { createNotifications, openRedis } from "@reluctant/queue";
import { type Client, createClient } from "@reluctant/sdk";
import { dataset, specOf } from "../../no-op.ts";
import { recordLoad } from "./load.ts";

/** A running platform without workers, and what a bench drives it with. */
export interface Bench {
  stack: Stack;
  client: Client;
  deps: Deps;
  datasetVersion: string;
}

export const oneRun = (seed: number): ExperimentSpecInput => specOf([seed], { name: "bench", dataset: "glyphs-small" });

export const quietly = { info: () => {}, warn: () => {} };

/** Each part has a platform of its own: what one leaves in the tables does not weigh on the next. */
export async function withStack<T>(measure: (bench: Bench) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "reluctant-bench-"));
  const stack = await startStack({
    dir,
    workers: 0,
    only: ["coordinator", "api"],
    env: { ...process.env, LOG_LEVEL: process.env.LOG_LEVEL ?? "info" },
  });
  const db = openDatabase(stack.databaseUrl);
  const redis = openRedis({ url: stack.redisUrl, log: quietly });
  try {
    await redis.ready();
    await recordLoad(stack);
    const deps: Deps = { db, artifacts: postgresArtifacts(db), notifications: createNotifications(redis) };
    const { version: datasetVersion } = await registerDataset(deps, { ...dataset, name: "glyphs-small" });
    const client = createClient({ baseUrl: stack.address as string, token: stack.credentials?.token as string });
    return await measure({ stack, client, deps, datasetVersion });
  } finally {
    await redis.close();
    await db.close();
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
