import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, images, startCluster, until } from "../cluster.ts";

const spec = { until: "train" as const, budgets: undefined, settings: { train: { length: images(6_400) } } };

let cluster: Cluster;
afterEach(() => cluster.stop());

/** A frozen worker keeps its process, its files and its beliefs; only its lease runs out. */
describe("a worker frozen past its lease", { timeout: 240_000 }, () => {
  it.each([
    ["the supervisor alone", (pid: number) => [pid]],
    ["the whole group", (pid: number, children: number[]) => [pid, ...children]],
  ])("(%s) writes nothing stale when it thaws, and another worker finishes", async (_, who) => {
    cluster = await startCluster({ workers: 2 });
    const id = await cluster.submit(spec);
    const first = await cluster.moment<{ id: string; name: string; epoch: number }>(
      "an attempt runs with a checkpoint",
      `select a.id, w.name, a.epoch from attempt a join worker w on w.id = a.worker_id join checkpoint c on c.attempt_id = a.id
       where a.state = 'running' limit 1`,
    );
    const supervisor = cluster.stack.part(first.name).pid as number;
    const frozen = who(supervisor, await childrenOf(supervisor));
    for (const pid of frozen) process.kill(pid, "SIGSTOP");
    await cluster.leasePasses(first.id);

    await cluster.moment("the attempt is lost", "select 1 from attempt where id = $1 and state = 'lost'", [first.id]);
    const reached = await lastCheckpoint(first.id);
    await cluster.moment(
      "another worker runs it",
      "select 1 from attempt where number = 2 and state in ('running', 'succeeded')",
    );
    const before = await written(first.id);
    for (const pid of frozen) process.kill(pid, "SIGCONT");

    expect((await cluster.ended(id)).state).toBe("finished");
    const second = await cluster.moment<{ name: string; start_step: number }>(
      "the second attempt succeeded",
      "select w.name, a.start_step from attempt a join worker w on w.id = a.worker_id where a.number = 2 and a.state = 'succeeded'",
    );
    expect(second.name).not.toBe(first.name);
    expect(second.start_step).toBeGreaterThan(0);
    expect(await written(first.id)).toEqual(before);
    expect(await lastCheckpoint(first.id)).toBeLessThanOrEqual(reached);
    // The thawed supervisor learns that its attempt is over, ends its child and serves again.
    await until("the thawed worker is free", 30, async () => (await childrenOf(supervisor)).length === 0 || undefined);
  });
});

/** What the attempt left, but for its checkpoints: those of the next attempt displace them. */
const written = (attemptId: string) =>
  cluster.sql(
    `select a.state, a.progress, a.ended_at, a.reason, r.epoch > a.epoch as fenced,
       (select count(*) from log_chunk where attempt_id = a.id) as log_chunks
     from attempt a join stage_run r on r.id = a.stage_run_id where a.id = $1`,
    [attemptId],
  );

/** The latest step of which the attempt left a checkpoint; 0 when others have displaced them all. */
const lastCheckpoint = async (attemptId: string) =>
  (
    await cluster.sql<{ step: number }>("select coalesce(max(step), 0) as step from checkpoint where attempt_id = $1", [
      attemptId,
    ])
  )[0]?.step ?? 0;

async function childrenOf(pid: number): Promise<number[]> {
  const { readFile } = await import("node:fs/promises");
  const text = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim();
  return text === "" ? [] : text.split(" ").map(Number);
}
