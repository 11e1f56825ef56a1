import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "@reluctant/local";
import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, images, startCluster } from "../cluster.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}, 60_000);

const leader = async ({ sql }: Cluster) => {
  const [row] = await sql<{ holder: string; until: Date }>("select holder, expires_at as until from leader");
  if (!row) throw new Error("nobody leads");
  return row;
};

/** A cluster whose worker runs an attempt. */
async function setup() {
  const cluster = await startCluster();
  cleanUps.push(() => cluster.stop());
  const submitted = { until: "train" as const, budgets: undefined, settings: { train: { length: images(640_000) } } };
  await cluster.submit(submitted);
  const { id } = await cluster.moment<{ id: string }>(
    "an attempt runs",
    "select id from attempt where state = 'running'",
  );
  return { cluster, attemptId: id, coordinator: cluster.stack.part("coordinator") };
}

describe("a coordinator killed with -9", { timeout: 240_000 }, () => {
  it("and started again leads within 2 s under its own lease, and ends at once what expired meanwhile", async () => {
    const { cluster, attemptId, coordinator } = await setup();
    const before = await leader(cluster);
    cluster.stack.part("worker-1").freeze();
    await coordinator.kill("SIGKILL");
    await cluster.leasePasses(attemptId);
    const [{ now }] = (await cluster.sql<{ now: Date }>("select now()")) as [{ now: Date }];
    await coordinator.start(); // resolves when Postgres has said who leads
    const started = performance.now();
    await cluster.moment("it leads", "select 1 from leader where last_round_at > $1", [now], 2);
    expect((await leader(cluster)).holder).toBe(before.holder);
    await cluster.moment(
      "the lease is judged",
      "select 1 from attempt where id = $1 and state = 'lost'",
      [attemptId],
      10,
    );
    expect(performance.now() - started).toBeLessThan(10_000); // a full lease is 15 s
  });

  it("is not followed by one on another machine before its lease is over", async () => {
    const { cluster, coordinator } = await setup();
    const dir = await mkdtemp(join(tmpdir(), "reluctant-elsewhere-"));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    await coordinator.kill("SIGKILL");
    const dead = await leader(cluster);
    const { databaseUrl, redisUrl } = cluster.stack;
    const env = { ...process.env, RELUCTANT_CACHE: dir }; // another machine has other files
    const only = ["coordinator" as const];
    const elsewhere = await startStack({ dir, workers: 0, env, databaseUrl, redisUrl, only });
    cleanUps.push(() => elsewhere.stop());
    const { late } = await cluster.moment<{ late: number }>(
      "the other leads",
      // It has just renewed its own lease of 4 s: when that began, the dead one's had to be over.
      "select extract(epoch from expires_at - interval '4 s' - $2::timestamptz)::float8 as late from leader where holder <> $1",
      [dead.holder, dead.until],
      30,
    );
    expect(late).toBeGreaterThan(0);
  });
});
