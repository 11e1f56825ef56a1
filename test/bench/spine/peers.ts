import { Queue, Worker } from "bullmq";
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import type { BesidePeer } from "../rows.ts";
import { slots } from "./slots.ts";
import type { Bench } from "./stack.ts";

/** The same number of jobs that do nothing, on the same Postgres and Redis, taken by as many at a time. */
export async function besidePeers(bench: Bench, ours: number, jobs: number): Promise<BesidePeer[]> {
  const peers = { "graphile-worker": await graphile(bench, jobs), BullMQ: await bull(bench, jobs) };
  return Object.entries(peers).map(([name, peer]) => ({
    case: `no-op stage runs, beside no-op jobs of ${name}`,
    ours,
    peer,
    ratio: ours / peer,
    unit: "1/s",
  }));
}

/** Postgres alone: a job is claimed and completed, and nothing is told of it. */
async function graphile({ stack }: Bench, jobs: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: slots + 2 });
  const logger = new Logger(() => () => {}); // a line for each job would be most of its work
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  await utils.migrate();
  await pool.query("select graphile_worker.add_job('nothing', '{}') from generate_series(1, $1::int)", [jobs]);
  const done = countdown(jobs);
  const at = performance.now();
  const runner = await run({
    pgPool: pool,
    logger,
    concurrency: slots,
    taskList: { nothing: done.one },
    noHandleSignals: true,
  });
  await done.all;
  const seconds = (performance.now() - at) / 1_000;
  await runner.stop();
  await utils.release();
  await pool.end();
  return jobs / seconds;
}

/** Redis alone, which is flushed to disk once a second. */
async function bull({ stack }: Bench, jobs: number): Promise<number> {
  const connection = { url: stack.redisUrl };
  const queue = new Queue("nothing", { connection, prefix: "peer" });
  await queue.addBulk(Array.from({ length: jobs }, () => ({ name: "nothing", data: {} })));
  const done = countdown(jobs);
  const at = performance.now();
  const worker = new Worker("nothing", async () => done.one(), { connection, prefix: "peer", concurrency: slots });
  await done.all;
  const seconds = (performance.now() - at) / 1_000;
  await worker.close();
  await queue.close();
  return jobs / seconds;
}

function countdown(left: number): { one: () => void; all: Promise<void> } {
  let reached = () => {};
  const all = new Promise<void>((resolve) => (reached = resolve));
  const one = () => {
    left -= 1;
    if (left === 0) reached();
  };
  return { one, all };
}
