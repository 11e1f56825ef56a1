import { accessSync, constants, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { delimiter, resolve } from "node:path";
import { parseLocations, type StoreLocation } from "@reluctant/artifacts";
import { gpuMemorySchema, nameSchema, poolSchema, type SlotLabels, slotLabelsSchema } from "@reluctant/contracts";
import { installationOf } from "@reluctant/db";
import { homeCache } from "@reluctant/machine";
import { checkedRedisUrl } from "@reluctant/queue";
import { decodeThreadsOf } from "./decode-threads.ts";

export interface WorkerConfig {
  databaseUrl: string;
  redisUrl: string;
  redisPrefix: string | undefined;
  artifacts: StoreLocation[];
  /** Folders searched for data sets. */
  dataFolders: string[];
  /** Decoded data sets, downloaded artifacts and scratch space; may be shared by the workers of a machine. */
  cacheDir: string;
  /** What data sets that are fetched may have, all together. */
  fetchedBytes: number;
  pool: string;
  /** Of its slot, for specs to ask for. */
  labels: SlotLabels;
  /** Bytes of its GPU's memory, where the backend does not tell, or not what may be used. */
  gpuMemory: number | undefined;
  name: string;
  /** The name in files that workers of several installations share a folder for: unique on this machine. */
  slotName: string;
  /** Least seconds between two time-based checkpoints, if other than the control plane's. */
  checkpointSeconds: number | undefined;
  logLevel: string;
}

/** A slot of the process, and the environment of its training processes. */
export interface SlotConfig {
  config: WorkerConfig;
  env: NodeJS.ProcessEnv;
}

const slotVariables = ["RELUCTANT_WORKER_NAME", "RELUCTANT_THREADS", "CUDA_VISIBLE_DEVICES"];
/**
 * The slots of this process: one that the environment describes, or one for each entry of RELUCTANT_SLOTS, whose variables stand in
 * place of the environment's. What they do not name is the same for all.
 * @throws Error naming the variable, what is wrong and what to do
 */
export function readSlots(env: NodeJS.ProcessEnv): [SlotConfig, ...SlotConfig[]] {
  const slots = ownVariables(env.RELUCTANT_SLOTS).map((own) => {
    const slotEnv = { ...env, ...own };
    return { config: readConfig(slotEnv), env: slotEnv };
  });
  const names = slots.map(({ config }) => config.name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined)
    throw new Error(`RELUCTANT_SLOTS has two slots called ${twice}: give each a RELUCTANT_WORKER_NAME of its own`);
  return slots as [SlotConfig, ...SlotConfig[]];
}

function ownVariables(given: string | undefined): NodeJS.ProcessEnv[] {
  if (!given) return [{}];
  const slots = parsed(given);
  if (Array.isArray(slots) && slots.length > 0 && slots.every(isOfSlot)) return slots;
  throw new Error(
    `RELUCTANT_SLOTS is ${given}; it must be JSON as \`reluctant worker --workers\` writes it, [{"RELUCTANT_WORKER_NAME": "node7-1"}, …], with ${slotVariables.join(", ")} at most`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isOfSlot = (slot: unknown): slot is Record<string, string> =>
  typeof slot === "object" &&
  slot !== null &&
  Object.entries(slot).every(([name, value]) => slotVariables.includes(name) && typeof value === "string");

/**
 * Reads the environment once. RELUCTANT_BACKEND (default: the fastest that runs here), RELUCTANT_THREADS (default: all
 * cores) and RELUCTANT_DETERMINISTIC (default: 0) are for the training process, which checks them when it is probed, and so
 * is RELUCTANT_DECODE_THREADS, which is checked here.
 * @throws Error naming the variable, what is wrong and what to do
 */
export function readConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const required = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set; a worker needs it to reach the control plane`);
    return value;
  };
  const databaseUrl = required("DATABASE_URL");
  decodeThreadsOf(env.RELUCTANT_DECODE_THREADS); // wrong where it was given, and not first when something is trained
  const name = nameOf(env.RELUCTANT_WORKER_NAME, hostname());
  const cacheDir = cacheOf(env);
  return {
    databaseUrl,
    redisUrl: checkedRedisUrl(required("REDIS_URL")),
    redisPrefix: env.REDIS_PREFIX || undefined,
    artifacts: parseLocations(env.RELUCTANT_ARTIFACTS ?? "", "RELUCTANT_ARTIFACTS"),
    dataFolders: (env.RELUCTANT_DATA ?? "")
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => resolve(folder)),
    cacheDir,
    fetchedBytes: 1e9 * gigabytesOf(env.RELUCTANT_FETCHED_GB),
    pool: poolOf(env.RELUCTANT_POOL || "default"),
    labels: labelsOf(env.RELUCTANT_LABELS || ""),
    gpuMemory: gpuMemoryOf(env.RELUCTANT_GPU_MEMORY),
    name,
    slotName: `${name}@${installationOf(databaseUrl)}`,
    checkpointSeconds: secondsOf(env.RELUCTANT_CHECKPOINT_SECONDS),
    logLevel: env.LOG_LEVEL || "info",
  };
}

function cacheOf(env: NodeJS.ProcessEnv): string {
  const folder = env.RELUCTANT_CACHE || homeCache(env);
  if (folder) return resolve(folder);
  throw new Error(
    "RELUCTANT_CACHE is not set, and this user has no home folder: set it to a folder that can be written",
  );
}

/** Makes the cache folder. @throws Error that names it and RELUCTANT_CACHE where it cannot be written */
export function makeCache({ cacheDir }: Pick<WorkerConfig, "cacheDir">): void {
  try {
    mkdirSync(cacheDir, { recursive: true });
    accessSync(cacheDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`the cache ${cacheDir} cannot be written (${code}): set RELUCTANT_CACHE to a folder that can`);
  }
}

function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const seconds = Number(text);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new Error(`RELUCTANT_CHECKPOINT_SECONDS is "${text}"; it must be a number above 0`);
}

function gigabytesOf(text: string | undefined): number {
  const gigabytes = Number(text || "200");
  if (gigabytes > 0 && Number.isFinite(gigabytes)) return gigabytes;
  throw new Error(`RELUCTANT_FETCHED_GB is "${text}"; it must be a number above 0`);
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

/** `zone=a,gpu=h200` */
function labelsOf(given: string): SlotLabels {
  const pairs = given
    .split(",")
    .filter(Boolean)
    .map((pair) => pair.split("="));
  const wrong = pairs.find((pair) => pair.length !== 2);
  const parsed = slotLabelsSchema.safeParse(
    Object.fromEntries(pairs.map(([name, value]) => [name?.trim(), value?.trim()])),
  );
  if (!wrong && parsed.success) return parsed.data;
  const fault = wrong
    ? `"${wrong.join("=")}" is not name=value`
    : `a name or value ${parsed.error?.issues[0]?.message}`;
  throw new Error(
    `RELUCTANT_LABELS is ${JSON.stringify(given)}; ${fault}, as in zone=a,gpu=h200 (as a flag: --label zone=a)`,
  );
}

function gpuMemoryOf(given: string | undefined): number | undefined {
  if (!given) return undefined;
  const parsed = gpuMemorySchema.safeParse(/^[\d.]+$/.test(given) ? Number(given) : given);
  if (parsed.success) return parsed.data;
  throw new Error(`RELUCTANT_GPU_MEMORY is ${JSON.stringify(given)}; it must be gigabytes, such as 40 or "40 GB"`);
}
