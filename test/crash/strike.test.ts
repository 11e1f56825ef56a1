import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactsOf, type Cluster, images, startCluster } from "../cluster.ts";

/**
 * The real processes train the real debug model and are struck at a state read from Postgres. However they are struck,
 * the experiment ends, each stage run has one committed result, and every artifact is bit-identical to those of an
 * undisturbed run in a store of its own.
 */
const spec = {
  budgets: ["10%"],
  settings: {
    train: { length: images(3_840) },
    maskSearch: { length: images(1_920) },
    distillation: { length: images(640) },
  },
};

const running = (kind: string) => `
  select a.id, a.number, w.name as worker from attempt a
  join stage_run r on r.id = a.stage_run_id join worker w on w.id = a.worker_id
  join checkpoint c on c.attempt_id = a.id
  where a.state = 'running' and r.kind = '${kind}' and c.step > 0 limit 1`;

let undisturbed: Awaited<ReturnType<typeof artifactsOf>>;

beforeAll(async () => {
  const cluster = await startCluster();
  try {
    expect((await cluster.ended(await cluster.submit(spec))).state).toBe("finished");
    undisturbed = await artifactsOf(cluster);
  } finally {
    await cluster.stop();
  }
}, 240_000);

/** Submits, waits for a running attempt with a checkpoint, strikes, and checks what every strike must leave. */
async function survives(kind: string, strike: (cluster: Cluster) => Promise<void>): Promise<Cluster> {
  const cluster = await startCluster();
  clusters.push(cluster);
  const id = await cluster.submit(spec);
  await cluster.moment(`a ${kind} attempt runs with a checkpoint`, running(kind));
  await strike(cluster);
  const experiment = await cluster.ended(id);
  expect(experiment.state).toBe("finished");
  expect(experiment.progress).toMatchObject({ total: 4, succeeded: 4, cached: 0 });
  expect(
    await cluster.sql("select stage_run_id from attempt where state = 'succeeded' group by 1 having count(*) <> 1"),
  ).toEqual([]);
  expect(await cluster.sql("select 1 from attempt where state in ('queued', 'running', 'stopping')")).toEqual([]);
  expect(await artifactsOf(cluster)).toEqual(undisturbed);
  return cluster;
}

const resumed = async (cluster: Cluster): Promise<void> => {
  const [second] = await cluster.sql<{ start_step: number }>(
    "select start_step from attempt where number = 2 and state = 'succeeded'",
  );
  expect(second?.start_step).toBeGreaterThan(0);
};

const clusters: Cluster[] = [];
afterAll(async () => {
  for (const cluster of clusters) await cluster.stop();
}, 60_000);
const stopLast = async () => clusters.pop()?.stop();

describe("a strike of kill -9", { timeout: 240_000 }, () => {
  it("at the training child leaves a failed attempt and a second that resumes", async () => {
    const cluster = await survives("train", async ({ stack }) => {
      process.kill(await childOf(stack.part("worker-1").pid as number), "SIGKILL");
    });
    await resumed(cluster);
    await stopLast();
  });

  it("at the supervisor loses the attempt, ends its child, and resumes", async () => {
    const cluster = await survives("mask-search", async ({ stack }) => {
      await stack.part("worker-1").kill("SIGKILL");
      await stack.part("worker-1").restart();
    });
    await resumed(cluster);
    // Handed back by the supervisor that follows, not found by the end of its lease.
    expect(await cluster.sql("select reason from attempt where state = 'lost'")).toEqual([
      { reason: "worker worker-1 ended, and was started again" },
    ]);
    await stopLast();
  });

  it("at the supervisor between delivery and claim leads to one execution", async () => {
    const cluster = await startCluster();
    clusters.push(cluster);
    const worker = cluster.stack.part("worker-1");
    worker.freeze();
    const id = await cluster.submit(spec);
    const sent = await cluster.moment<{ id: string }>(
      "a job is in Redis",
      "select a.id from attempt a join outbox o on o.attempt_id = a.id where o.sent_at is not null",
    );
    // While this transaction holds the row, the claim of the delivered job waits.
    const gate = await cluster.pool.connect();
    await gate.query("begin");
    await gate.query("select 1 from attempt where id = $1 for update", [sent.id]);
    worker.thaw();
    await cluster.moment(
      "the claim waits",
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%attempt%' and datname = current_database()",
    );
    await worker.kill("SIGKILL");
    await gate.query("rollback");
    gate.release();
    await worker.restart();
    expect((await cluster.ended(id)).state).toBe("finished");
    expect(await artifactsOf(cluster)).toEqual(undisturbed);
    expect(
      await cluster.sql("select stage_run_id from attempt where state = 'succeeded' group by 1 having count(*) <> 1"),
    ).toEqual([]);
    await stopLast();
  });
});

/** What a running attempt goes on without. Each is struck while an attempt of another kind runs, and back before it ends. */
const around: [what: string, kind: string, strike: (stack: Cluster["stack"]) => Promise<unknown>][] = [
  ["API", "train", (stack) => struck(stack.part("api"))],
  ["coordinator", "sensitivity", (stack) => struck(stack.part("coordinator"))],
  [
    "Redis, which returns empty",
    "mask-search",
    async (stack) => {
      await stack.redis?.flush();
      await struck(stack.part("redis"));
    },
  ],
  ["Postgres, which is restarted", "distillation", (stack) => stack.part("postgres").restart()],
];

async function struck(part: ReturnType<Cluster["stack"]["part"]>): Promise<void> {
  await part.kill("SIGKILL");
  await part.restart();
}

describe("strikes at all that is around a worker", { timeout: 240_000 }, () => {
  it("one after the other, delay nothing but the next dispatch: each stage run has its first attempt", async () => {
    const [[, first, strikeFirst], ...later] = around as [(typeof around)[0], ...typeof around];
    const cluster = await survives(first, async (cluster) => {
      await strikeFirst(cluster.stack);
      for (const [what, kind, strike] of later) {
        await cluster.moment(`${kind} runs with a checkpoint, for a strike at ${what}`, running(kind));
        await strike(cluster.stack);
      }
    });
    expect(await cluster.sql("select distinct number, state from attempt")).toEqual([
      { number: 1, state: "succeeded" },
    ]);
    await stopLast();
  });
});

/** The one child process of a supervisor. */
async function childOf(supervisor: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const children = (await readFile(`/proc/${supervisor}/task/${supervisor}/children`, "utf8")).trim().split(" ");
  return Number(children.at(-1));
}
