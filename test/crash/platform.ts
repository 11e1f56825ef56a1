import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { registerDataset } from "@reluctant/control";
import { openDatabase } from "@reluctant/db";
import { createProcess, type Part, type Stack, startStack } from "@reluctant/local";
import { type Client, createClient } from "@reluctant/sdk";
import { build } from "esbuild";
import pg from "pg";
import { until } from "../cluster.ts";
import { dataset, specOf } from "../no-op.ts";
import type { Ask } from "./verifier.ts";

/** The control plane as it is deployed, of as many processes as wanted, with workers that compute nothing. */
export interface Platform {
  /** Holds `postgres/`, `redis/`, `slots/` and `logs/`. */
  dir: string;
  stack: Stack;
  /** One for each API. */
  clients: Client[];
  coordinators: Part[];
  apis: Part[];
  workers: Part[];
  sql: Ask;
  /** A stage run for each seed, in as many experiments as it takes. */
  submit(seeds: number[]): Promise<void>;
  /** Resolves when no experiment is active any more. */
  allEnded(seconds: number): Promise<void>;
  moment<Row extends object>(what: string, text: string, seconds?: number, values?: unknown[]): Promise<Row>;
  stop(): Promise<void>;
}

export interface PlatformOptions {
  workers: number;
  /** Of each worker; one when absent. */
  slots?: number;
  /** Milliseconds that an attempt takes: `least-most`. */
  workMs: string;
  /** Coordinators, and APIs: each pair on a machine of its own, as far as files tell. */
  pairs?: number;
  /** By what way the workers, or all, reach Postgres and Redis. */
  way?: (
    urls: { databaseUrl: string; redisUrl: string },
    who: string,
  ) => Promise<{ databaseUrl: string; redisUrl: string }>;
}

/** Of one spec. */
const mostSeeds = 1_000;

/** Beside the repository's packages, which it is bundled without. */
const worker = resolve("var/crash-worker.mjs");

const bundleWorker = () =>
  build({
    entryPoints: ["test/crash/worker.ts"],
    outfile: worker,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });

export async function startPlatform({
  workers: count,
  slots = 1,
  workMs,
  pairs = 1,
  way,
}: PlatformOptions): Promise<Platform> {
  const dir = await mkdtemp(join(tmpdir(), "reluctant-crash-"));
  const cleanUps: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    await bundleWorker();
    const stores = await startStack({ dir, workers: 0, env: process.env, only: [] });
    cleanUps.push(() => stores.stop());
    const { databaseUrl, redisUrl } = stores;
    const wayOf = async (who: string) => (way ? way({ databaseUrl, redisUrl }, who) : { databaseUrl, redisUrl });
    const machines: Stack[] = [];
    for (let number = 1; number <= pairs; number++) {
      const home = join(dir, `machine-${number}`);
      const env = { ...process.env, RELUCTANT_CACHE: join(home, "cache") };
      const only = ["coordinator", "api"] as const;
      const machine = await startStack({
        dir: home,
        workers: 0,
        env,
        only,
        ephemeral: true,
        ...(await wayOf(`machine-${number}`)),
      });
      cleanUps.push(() => machine.stop());
      machines.push(machine);
    }
    const db = openDatabase(databaseUrl);
    await registerDataset({ db }, dataset);
    await db.close();
    const workers = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const name = `worker-${index + 1}`;
        const urls = await wayOf(name);
        return createProcess({
          name,
          command: [process.execPath, worker],
          cwd: process.cwd(),
          env: {
            PATH: process.env.PATH,
            DATABASE_URL: urls.databaseUrl,
            REDIS_URL: urls.redisUrl,
            RELUCTANT_WORKER_NAME: name,
            RELUCTANT_CACHE: join(dir, "slots"),
            DATASET: dataset.version,
            SLOTS: String(slots),
            WORK_MS: workMs,
          },
          log: join(dir, "logs", `${name}.log`),
          ready: { line: (line) => line.includes('"ready"') },
          stopSignal: "SIGKILL",
          orphanSignal: "SIGKILL",
        });
      }),
    );
    cleanUps.push(() => Promise.all(workers.map((part) => part.kill("SIGKILL"))));
    await Promise.all(workers.map((part) => part.start()));
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
    pool.on("error", () => {});
    cleanUps.push(() => pool.end());
    const clients = machines.map(({ address, credentials }) =>
      createClient({ baseUrl: address as string, token: credentials?.token as string }),
    );
    const sql: Ask = async <Row extends object>(text: string, values: unknown[] = []) =>
      (await pool.query<Row>(text, values)).rows;
    const moment = <Row extends object>(what: string, text: string, seconds = 60, values: unknown[] = []) =>
      until(what, seconds, async () => (await sql<Row>(text, values))[0]);
    return {
      dir,
      stack: stores,
      clients,
      coordinators: machines.map((machine) => machine.part("coordinator")),
      apis: machines.map((machine) => machine.part("api")),
      workers,
      sql,
      moment,
      submit: async (seeds) => {
        for (let first = 0; first < seeds.length; first += mostSeeds)
          await (clients[0] as Client).experiments.submit(specOf(seeds.slice(first, first + mostSeeds)));
      },
      allEnded: async (seconds) => {
        await moment(
          "every experiment ends",
          "select 1 where not exists (select from experiment where state = 'active')",
          seconds,
        );
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whole numbers from `first`. */
export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => first + at);

/** Starts it, uses it, and leaves nothing behind. */
export async function withPlatform<T>(options: PlatformOptions, use: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await startPlatform(options);
  try {
    return await use(platform);
  } finally {
    await platform.stop();
  }
}
