import { createHash } from "node:crypto";
import { homedir, hostname } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { nameSchema, poolSchema } from "@reluctant/contracts";

export interface WorkerConfig {
  databaseUrl: string;
  redisUrl: string;
  redisPrefix: string | undefined;
  /** Folders searched for data sets. */
  dataFolders: string[];
  /** Decoded data sets, downloaded artifacts and scratch space; may be shared by the workers of a machine. */
  cacheDir: string;
  pool: string;
  name: string;
  /** The name in files that workers of several installations share a folder for: unique on this machine. */
  slotName: string;
  /** Least seconds between two time-based checkpoints, if other than the control plane's. */
  checkpointSeconds: number | undefined;
  logLevel: string;
}

/**
 * Reads the environment once. RELUCTANT_BACKEND (default: the fastest that runs here), RELUCTANT_THREADS (default: all
 * cores) and RELUCTANT_DETERMINISTIC (default: 0) are for the training process, which checks them when it is probed.
 * @throws Error naming the variable, what is wrong and what to do
 */
export function readConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const required = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set; a worker needs it to reach the control plane`);
    return value;
  };
  const databaseUrl = required("DATABASE_URL");
  const name = nameOf(env.RELUCTANT_WORKER_NAME, hostname());
  return {
    databaseUrl,
    redisUrl: required("REDIS_URL"),
    redisPrefix: env.REDIS_PREFIX || undefined,
    dataFolders: (env.RELUCTANT_DATA ?? "")
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => resolve(folder)),
    cacheDir: resolve(env.RELUCTANT_CACHE || join(homedir(), ".cache", "reluctant")),
    pool: poolOf(env.RELUCTANT_POOL || "default"),
    name,
    slotName: `${name}@${installationOf(databaseUrl)}`,
    checkpointSeconds: secondsOf(env.RELUCTANT_CHECKPOINT_SECONDS),
    logLevel: env.LOG_LEVEL || "info",
  };
}

/** Twelve digits that tell databases apart, whoever connects: an installation is its database. */
function installationOf(databaseUrl: string): string {
  const place = databaseUrl.replace(/^(\w+:\/\/)[^/]*@/, "$1"); // without user and password
  return createHash("sha256").update(place).digest("hex").slice(0, 12);
}

function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const seconds = Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new Error(`RELUCTANT_CHECKPOINT_SECONDS is "${text}"; it must be a number above 0`);
}

function nameOf(given: string | undefined, host: string): string {
  const parsed = nameSchema.safeParse(given || host);
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0]?.message;
  if (given) throw new Error(`RELUCTANT_WORKER_NAME is ${JSON.stringify(given)}; it ${fault} (as a flag: --name)`);
  throw new Error(
    `this machine is called ${JSON.stringify(host)}, and a worker's name ${fault}: set RELUCTANT_WORKER_NAME, or give --name`,
  );
}

function poolOf(given: string): string {
  const parsed = poolSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(
    `RELUCTANT_POOL is ${JSON.stringify(given)}; it ${parsed.error.issues[0]?.message} (as a flag: --pool)`,
  );
}
