/**
 * The whole system on one machine, started in order and stopped in reverse:
 * postgres → migrations → redis → coordinator → api → worker-1, worker-2, …
 */
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { deployMigrations } from "@reluctant/db";
import pg from "pg";
import { stackCache } from "./cache.ts";
import { type Credentials, prepareCredentials } from "./credentials.ts";
import { dataFolders } from "./data.ts";
import { freePort, freePortNear } from "./machine.ts";
import { ensureDatabase, type PostgresServer, startPostgres } from "./postgres.ts";
import { createProcess, type Part, type ProcessSpec } from "./processes.ts";
import { type RedisServer, startRedis } from "./redis.ts";

export type ServiceKind = "coordinator" | "api" | "worker";

export interface StackOptions {
  /** Holds everything the stack keeps: `postgres/`, `redis/`, `logs/`, `token`, `url` (the API's address). */
  readonly dir: string;
  /** How many workers, each a process. */
  readonly workers: number;
  /** How many slots each of them has, one when absent; every slot gets an equal share of the cores. */
  readonly slots?: number;
  /** What the processes inherit: RELUCTANT_BACKEND, RELUCTANT_DATA, LOG_LEVEL and so on. */
  readonly env: NodeJS.ProcessEnv;
  /** Uses this database, already there, instead of starting Postgres. */
  readonly databaseUrl?: string | undefined;
  /** Uses this Redis, already there, instead of starting one. */
  readonly redisUrl?: string | undefined;
  readonly ports?: { readonly postgres?: number; readonly redis?: number; readonly api?: number };
  /** The services to start beside Postgres and Redis; all when absent. */
  readonly only?: readonly ServiceKind[];
  /** For tests: see PostgresOptions.ephemeral. */
  readonly ephemeral?: boolean;
  /** Called with the name of each part, and of what else takes time, as its start begins and ends. */
  readonly onStart?: ((what: string, moment: "begins" | "ends") => void) | undefined;
  /** Ends the start between two parts. */
  readonly signal?: AbortSignal | undefined;
  /** Called with every line that the coordinator, the API and the workers log. */
  readonly onLine?: (part: string, line: string) => void;
  /** Called when a part ends without having been asked to. */
  readonly onCrash?: ProcessSpec["onCrash"];
}

export interface Stack {
  /** The API's and the dashboard's, for instance `http://127.0.0.1:7358`; undefined when it was not started. */
  readonly address: string | undefined;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Undefined without the API. */
  readonly credentials: Credentials | undefined;
  /** The Redis that was started here. */
  readonly redis: RedisServer | undefined;
  readonly postgres: PostgresServer | undefined;
  /** `postgres`, `redis`, `coordinator`, `api`, `worker-1`, … */
  part(name: string): Part;
  /** Stops every part, last started first; harmless when stopped. */
  stop(): Promise<void>;
}

/** R-E-L-U on a telephone. */
const preferredPort = 7358;

/** The repository: this file lies in infra/local/src or infra/local/dist. */
const root = join(import.meta.dirname, "../../..");

/**
 * @throws Error of the first part that does not come up, or the signal's reason when it was aborted meanwhile, after
 * stopping those that did
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const parts = new Map<string, Part>();
  const wants = (kind: ServiceKind) => options.only?.includes(kind) ?? true;
  const stop = async () => {
    for (const part of [...parts.values()].reverse()) await part.stop();
  };
  const timed = <T>(what: string, start: () => Promise<T>): Promise<T> => {
    options.onStart?.(what, "begins");
    return start().finally(() => options.onStart?.(what, "ends"));
  };
  const add = async (service: Service) => {
    options.signal?.throwIfAborted();
    const part = createProcess(toProcess(service, options));
    parts.set(part.name, part);
    await timed(part.name, () => part.start());
  };

  try {
    const folders = wants("worker") ? await dataFolders(options.env, root) : [];
    await mkdir(options.dir, { recursive: true });
    const { databaseUrl, postgres } = await timed("postgres", () => openDatabase(options));
    if (postgres) parts.set(postgres.name, postgres);
    await timed("migrations", () => migrate(databaseUrl, postgres === undefined));
    const { redisUrl, redis } = await timed("redis", () => openRedis(options));
    if (redis) parts.set(redis.name, redis);

    const urls = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
    if (wants("coordinator")) await add(coordinator(urls));
    const address = wants("api") ? `http://127.0.0.1:${await apiPort(options)}` : undefined;
    if (address) await add(api(urls, address));
    const credentials = address ? await prepareCredentials(options.dir, databaseUrl, address) : undefined;
    if (address) await writeFile(join(options.dir, "url"), `${address}\n`);
    if (wants("worker")) {
      const cacheDir = await stackCache({ ...options, root });
      const own = { RELUCTANT_DATA: folders.join(delimiter), RELUCTANT_CACHE: cacheDir };
      await Promise.all(workers({ ...urls, ...own }, options).map(add));
    }

    const part = (name: string) => {
      const found = parts.get(name);
      if (!found) throw new Error(`This stack has no part "${name}", only ${[...parts.keys()].join(", ")}.`);
      return found;
    };
    return { address, databaseUrl, redisUrl, credentials, postgres, redis, part, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openDatabase({ databaseUrl, dir, ephemeral = false, ports, onCrash }: StackOptions) {
  if (databaseUrl !== undefined) return { databaseUrl };
  const postgres = await startPostgres({ dir: join(dir, "postgres"), ephemeral, port: ports?.postgres, onCrash });
  return { databaseUrl: await ensureDatabase(postgres.url, "reluctant"), postgres };
}

/** A database that is not ours may refuse us, and whoever named it can mend that. */
async function migrate(databaseUrl: string, given: boolean): Promise<void> {
  try {
    await deployMigrations(databaseUrl, join(root, "prisma/migrations"));
  } catch (error) {
    const refused = given && error instanceof pg.DatabaseError;
    throw refused ? new ReluctantError("unavailable", `DATABASE_URL: ${error.message}`, [], { cause: error }) : error;
  }
}

async function openRedis({ redisUrl, dir, ephemeral = false, ports, onCrash }: StackOptions) {
  if (redisUrl !== undefined) {
    await redisAnswers(redisUrl);
    return { redisUrl };
  }
  const redis = await startRedis({ dir: join(dir, "redis"), ephemeral, port: ports?.redis, onCrash });
  return { redisUrl: redis.url, redis };
}

/** All of us wait for a Redis that is not there, as if it were coming back: whoever named a wrong one should hear it now. */
async function redisAnswers(redisUrl: string): Promise<void> {
  if (/^rediss?\+sentinel:/.test(redisUrl)) return; // which of them leads is for those to ask who follow it
  const url = URL.canParse(redisUrl) ? new URL(redisUrl) : null;
  const place = url?.hostname
    ? { host: url.hostname, port: Number(url.port || 6379) }
    : { path: url?.pathname ?? redisUrl };
  const socket = createConnection({ ...place, timeout: 5_000 });
  try {
    await once(socket, "connect");
  } catch (error) {
    const where = "path" in place ? place.path : `${place.host}:${place.port}`;
    const { code } = error as NodeJS.ErrnoException;
    const message = `REDIS_URL: nothing answers at ${where} (${code}); start Redis there, or leave REDIS_URL out`;
    throw new ReluctantError("unavailable", message, [], { cause: error });
  } finally {
    socket.destroy();
  }
}

/** A program of ours, configured by its environment alone. */
interface Service {
  readonly name: string;
  readonly script: string;
  readonly settings: NodeJS.ProcessEnv;
  readonly ready: ProcessSpec["ready"];
}

const coordinator = (urls: NodeJS.ProcessEnv): Service => ({
  name: "coordinator",
  script: "workers/coordinator/dist/main.js",
  settings: urls,
  ready: { line: saysReady },
});

const api = (urls: NodeJS.ProcessEnv, address: string): Service => ({
  name: "api",
  script: "apps/api/dist/main.js",
  settings: { ...urls, HOST: new URL(address).hostname, PORT: new URL(address).port },
  ready: { probe: async () => (await fetch(`${address}/readyz`)).ok },
});

function workers(urls: NodeJS.ProcessEnv, { workers: count, slots = 1, env }: StackOptions): Service[] {
  const share = Math.max(1, Math.floor(availableParallelism() / (count * slots)));
  const threads = env.RELUCTANT_THREADS ?? String(share);
  return Array.from({ length: count }, (_, index) => {
    const named = Array.from({ length: slots }, (_, slot) => ({
      RELUCTANT_WORKER_NAME: `worker-${index * slots + slot + 1}`,
    }));
    return {
      name: `worker-${index + 1}`,
      script: "workers/gpu/dist/main.js",
      settings: { ...urls, RELUCTANT_THREADS: threads, RELUCTANT_SLOTS: JSON.stringify(named) },
      ready: { line: saysReady },
    };
  });
}

function toProcess(
  { name, script, settings, ready }: Service,
  { dir, env, onLine, onCrash }: StackOptions,
): ProcessSpec {
  return {
    name,
    command: [process.execPath, join(root, script)],
    cwd: root,
    env: { ...env, ...settings },
    log: join(dir, "logs", `${name}.log`),
    ...(onLine && { onLine: (line: string) => onLine(name, line) }),
    onCrash,
    ready,
    stopSignal: "SIGTERM",
    orphanSignal: "SIGKILL", // frozen processes end too, and these are built to be killed
  };
}

function saysReady(line: string): boolean {
  try {
    return JSON.parse(line).msg === "ready";
  } catch {
    return false;
  }
}

/** Tests start several stacks at once, which would all find the preferred port free. */
const apiPort = async ({ ports, ephemeral }: StackOptions): Promise<number> =>
  ports?.api ?? (ephemeral ? freePort() : freePortNear(preferredPort));
