import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Experiment, ExperimentSpecInput } from "@reluctant/contracts";
import { type Stack, type StackOptions, startStack } from "@reluctant/local";
import { type Client, createClient } from "@reluctant/sdk";
import { Pool } from "pg";

/** The real system in an empty store: every process of its own, as `npm start` runs them, and a look into Postgres. */
export interface Cluster {
  stack: Stack;
  client: Client;
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Polls Postgres until the query answers a row, which it returns. Fails after `seconds`. */
  moment<Row extends object>(what: string, text: string, values?: unknown[], seconds?: number): Promise<Row>;
  submit(spec: Partial<ExperimentSpecInput>): Promise<string>;
  /** Waits until the experiment ends; returns it. */
  ended(id: string, seconds?: number): Promise<Experiment>;
  /** As if 15 s had passed, in which Postgres answered the leader: the attempt's lease is over, and may be judged. */
  leasePasses(attemptId: string): Promise<void>;
  pool: Pool;
  stop(): Promise<void>;
}

/**
 * A small real model on generated glyphs: four stages that take some seconds each, with a checkpoint every few hundred
 * milliseconds, so that there is always one to resume from.
 */
export const smallSpec: ExperimentSpecInput = {
  name: "small",
  dataset: "glyphs-small",
  model: "resnet8",
  recipe: "debug",
  budgets: ["10%"],
  seeds: [1],
};

/** Training images of a test, for a run of some seconds: wasm trains a sixth as fast as torch. */
export const images = (withTorch: number): { images: number } => ({
  images: process.env.RELUCTANT_BACKEND === "wasm" ? Math.round(withTorch / 6) : withTorch,
});

export async function startCluster({
  workers = 1,
  slots = 1,
  env = {},
  dir,
  ...given
}: {
  workers?: number;
  /** Of each worker. */
  slots?: number;
  env?: NodeJS.ProcessEnv;
  /** Kept when it stops; one of its own, which goes, when absent. */
  dir?: string;
} & Partial<Pick<StackOptions, "databaseUrl" | "redisUrl">> = {}): Promise<Cluster> {
  const folder = dir ?? (await mkdtemp(join(tmpdir(), "reluctant-")));
  const stack = await startStack({
    ...given,
    dir: folder,
    workers,
    slots,
    ephemeral: true,
    env: {
      ...process.env,
      RELUCTANT_THREADS: "1",
      RELUCTANT_DATA: "glyphs-small",
      RELUCTANT_CHECKPOINT_SECONDS: "0.3",
      ...env,
    },
  });
  const pool = new Pool({ connectionString: stack.databaseUrl, max: 4 });
  // A restarted Postgres ends idle connections; the pool opens new ones.
  pool.on("error", () => {});
  const client = createClient({ baseUrl: stack.address as string, token: stack.credentials?.token as string });

  await untilPrepared(client);

  const sql = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row>(text, values)).rows;

  const cluster: Cluster = {
    stack,
    client,
    pool,
    sql,
    moment: <Row extends object>(what: string, text: string, values: unknown[] = [], seconds = 60) =>
      until(what, seconds, async () => (await sql<Row>(text, values))[0]),
    submit: async (spec) => (await client.experiments.submit({ ...smallSpec, ...spec })).id,
    ended: async (id, seconds = 180) => {
      // Asked of Postgres: rendering the whole experiment for every look would take a core from the training.
      await cluster.moment(
        `experiment ${id} ends`,
        "select 1 from experiment where id = $1 and state <> 'active'",
        [id],
        seconds,
      );
      return client.experiments.get(id);
    },
    leasePasses: async (attemptId) => {
      await sql("update leader set answering_since = answering_since - interval '15 s'");
      await sql("update attempt set lease_expires_at = now() - interval '15 s' where id = $1", [attemptId]);
    },
    stop: async () => {
      await pool.end();
      await stack.stop();
      if (dir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
  return cluster;
}

/** Asks again and again until there is an answer; errors of a store that is just coming back count as none. */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await delay(30);
  }
  throw new Error(`waited ${seconds} s in vain: ${what}`, { cause: last });
}

/** Workers serve at once, and prepare their data sets meanwhile: until a spec can name them. */
export const untilPrepared = (client: Client): Promise<true> =>
  until("the data sets are prepared", 60, async () => {
    const { preparing } = await client.datasetList();
    return preparing.length === 0 || undefined;
  });

/** Every artifact that the store's stage runs made, by what made it: equal runs have equal lists. */
export const artifactsOf = (cluster: Cluster): Promise<{ kind: string; role: string; sha256: string }[]> =>
  cluster.sql(
    `select r.kind, a.role, a.sha256 from stage_run r join stage_run_artifact a on a.stage_run_id = r.id
     where a.role <> 'checkpoint' order by r.stage_key, a.role`,
  );
