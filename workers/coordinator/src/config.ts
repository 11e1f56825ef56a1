import { resolve } from "node:path";
import { parseLocations, type StoreLocation } from "@reluctant/artifacts";
import { installationOf } from "@reluctant/db";
import { homeCache } from "@reluctant/machine";
import { checkedRedisUrl } from "@reluctant/queue";

export interface CoordinatorConfig {
  databaseUrl: string;
  /** Tells the installations apart that share this machine. */
  installation: string;
  /** Keeps the file by which a restart knows itself; that of the machine's workers will do. */
  cacheDir: string;
  artifacts: StoreLocation[];
  redisUrl: string;
  redisPrefix: string | undefined;
  logLevel: string;
  /** Events and the logs of ended attempts are kept so long; null keeps them for good. */
  historyDays: number | null;
}

/** Reads the environment once. @throws Error naming the variable that is missing */
export function readConfig(env: NodeJS.ProcessEnv): CoordinatorConfig {
  const required = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set; the coordinator cannot work without it`);
    return value;
  };
  const databaseUrl = required("DATABASE_URL");
  return {
    databaseUrl,
    installation: installationOf(databaseUrl),
    cacheDir: resolve(env.RELUCTANT_CACHE || homeCache(env) || "var/cache"),
    artifacts: parseLocations(env.RELUCTANT_ARTIFACTS ?? "", "RELUCTANT_ARTIFACTS"),
    redisUrl: checkedRedisUrl(required("REDIS_URL")),
    redisPrefix: env.REDIS_PREFIX || undefined,
    logLevel: env.LOG_LEVEL || "info",
    historyDays: historyDaysOf(env.RELUCTANT_HISTORY_DAYS || "180"),
  };
}

function historyDaysOf(text: string): number | null {
  if (!/^\d{1,5}$/.test(text))
    throw new Error(`RELUCTANT_HISTORY_DAYS is "${text}"; it must be a number of days, or 0 to keep history for good`);
  return Number(text) || null;
}
