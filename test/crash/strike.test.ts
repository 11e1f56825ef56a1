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
  select a.id, a.number, a.stage_run_id as run from attempt a join stage_run r on r.id = a.stage_run_id
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

/** What every strike must leave: each stage run done by one attempt, nothing under way, the artifacts of an undisturbed run. */
async function finishedAsUndisturbed(cluster: Cluster, id: string): Promise<void> {
  const experiment = await cluster.ended(id);
  expect(experiment.state).toBe("finished");
  expect(experiment.progress).toMatchObject({ total: 4, succeeded: 4, cached: 0 });
  expect(
    await cluster.sql("select stage_run_id from attempt where state = 'succeeded' group by 1 having count(*) <> 1"),
  ).toEqual([]);
  expect(await cluster.sql("select 1 from attempt where state in ('queued', 'running', 'stopping')")).toEqual([]);
  expect(await artifactsOf(cluster)).toEqual(undisturbed);
}

const isRunning = (cluster: Cluster, kind: string) =>
  cluster.moment<{ id: string; run: string; number: number }>(
    `a ${kind} attempt runs with a checkpoint`,
    running(kind),
  );

/** The attempt that follows goes on from a checkpoint; a stage run can be struck while it runs the next time. */
async function resumes(cluster: Cluster, { run, number }: { run: string; number: number }): Promise<void> {
  const next = await cluster.moment<{ start_step: number }>(
    "the next attempt runs",
    "select start_step from attempt where stage_run_id = $1 and number = $2 and state in ('running', 'succeeded')",
    [run, number + 1],
  );
  expect(next.start_step).toBeGreaterThan(0);
}

/** One experiment takes all of them, one test after the other: its artifacts tell of each. */
describe("strikes of kill -9, all in one experiment", { timeout: 240_000 }, () => {
  let cluster: Cluster;
  let id: string;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());
  const worker = () => cluster.stack.part("worker-1");

  it("at the supervisor between delivery and claim lead to one execution", async () => {
    worker().freeze();
    id = await cluster.submit(spec);
    const sent = await cluster.moment<{ id: string }>(
      "a job is in Redis",
      "select a.id from attempt a join outbox o on o.attempt_id = a.id where o.sent_at is not null",
    );
    // While this transaction holds the row, the claim of the delivered job waits.
    const gate = await cluster.pool.connect();
    await gate.query("begin");
    await gate.query("select 1 from attempt where id = $1 for update", [sent.id]);
    worker().thaw();
    await cluster.moment(
      "the claim waits",
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ilike '%attempt%' and datname = current_database()",
    );
    await worker().kill("SIGKILL");
    await gate.query("rollback");
    gate.release();
    await worker().restart();
    const { run } = await isRunning(cluster, "train");
    const under = "select 1 from attempt where stage_run_id = $1 and state in ('queued', 'running', 'stopping')";
    expect(await cluster.sql(under, [run])).toHaveLength(1);
  });

  it("at the training child leave a failed attempt and a second that resumes", async () => {
    const struck = await isRunning(cluster, "train");
    process.kill(await childOf(worker().pid as number), "SIGKILL");
    await resumes(cluster, struck);
    expect(await cluster.sql("select state from attempt where id = $1", [struck.id])).toEqual([{ state: "failed" }]);
  });

  it("at the supervisor lose the attempt, end its child, and resume", async () => {
    const struck = await isRunning(cluster, "mask-search");
    await worker().kill("SIGKILL");
    await worker().restart();
    await resumes(cluster, struck);
    // Handed back by the supervisor that follows, not found by the end of its lease.
    expect(await cluster.sql("select state, reason from attempt where id = $1", [struck.id])).toEqual([
      { state: "lost", reason: "worker worker-1 ended, and was started again" },
    ]);
  });

  it("leave what an undisturbed run leaves", () => finishedAsUndisturbed(cluster, id));
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
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  it("one after the other, delay nothing but the next dispatch: each stage run has its first attempt", async () => {
    const id = await cluster.submit(spec);
    for (const [what, kind, strike] of around) {
      await cluster.moment(`${kind} runs with a checkpoint, for a strike at ${what}`, running(kind));
      await strike(cluster.stack);
    }
    await finishedAsUndisturbed(cluster, id);
    expect(await cluster.sql("select distinct number, state from attempt")).toEqual([
      { number: 1, state: "succeeded" },
    ]);
  });
});

/** The one child process of a supervisor. */
async function childOf(supervisor: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const children = (await readFile(`/proc/${supervisor}/task/${supervisor}/children`, "utf8")).trim().split(" ");
  return Number(children.at(-1));
}
