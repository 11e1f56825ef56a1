import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import { installationOf } from "@reluctant/db";
import { homeCache } from "@reluctant/machine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, images, smallSpec, startCluster, until } from "../cluster.ts";

let cluster: Cluster;

/** Seeds of their own keep the tests apart, in one store. */
describe("delivery to two slots of a worker", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    cluster = await startCluster({ slots: 2 });
  });
  afterAll(() => cluster.stop());

  /** Whether the slot has a training process on record, with its attempt. */
  const trains = async (name: string): Promise<boolean> => {
    const cache = process.env.RELUCTANT_CACHE ?? homeCache(process.env) ?? "";
    const folder = join(cache, "slots", encodeURIComponent(`${name}@${installationOf(cluster.stack.databaseUrl)}`));
    const [record] = await readdir(folder);
    const { content } = JSON.parse(await readFile(join(folder, record as string), "utf8"));
    return content.child !== null && content.attempt !== null;
  };

  it("takes experiments while Redis is down, and begins when it returns without any restart", async () => {
    await cluster.stack.part("redis").stop();
    const ids: string[] = [];
    for (const seed of [11, 12, 13]) {
      const spec = { ...smallSpec, until: "sensitivity" as const, budgets: undefined, seeds: [seed] };
      ids.push((await cluster.client.experiments.submit(spec)).id);
    }
    await cluster.moment("the first attempt is queued", "select 1 from attempt where state = 'queued'");
    expect(await cluster.sql("select 1 from attempt where state <> 'queued'")).toEqual([]);
    await cluster.stack.part("redis").start();
    for (const id of ids) expect((await cluster.ended(id)).state).toBe("finished");
  });

  it("trains a shared AR model once, and goes on for the other when one experiment is cancelled in the middle", async () => {
    const slow = { ...smallSpec, seeds: [21], settings: { train: { length: images(4_800) } } };
    const [one, other] = await Promise.all([
      cluster.client.experiments.submit({ ...slow, name: "one" }),
      cluster.client.experiments.submit({ ...slow, name: "other" }),
    ]);
    await cluster.moment(
      "the AR model trains",
      "select 1 from attempt a join stage_run r on r.id = a.stage_run_id where r.kind = 'train' and a.state = 'running'",
    );
    expect((await cluster.client.experiments.cancel(one.id)).state).toBe("cancelled");
    expect((await cluster.ended(other.id)).state).toBe("finished");
    const needed = await Promise.all([one, other].map(({ id }) => cluster.client.experiments.get(id)));
    const trained = await cluster.sql<{ runs: string; attempts: string }>(
      `select count(distinct r.id) as runs, count(a.id) as attempts from stage_run r join attempt a on a.stage_run_id = r.id
       where r.kind = 'train' and r.id = any($1)`,
      [needed.flatMap(({ stageRuns }) => stageRuns.map(({ id }) => id))],
    );
    expect(trained).toEqual([{ runs: "1", attempts: "1" }]);
  });

  it("spreads one experiment over two slots of a worker, never two attempts on one, and goes on with both after a kill -9", async () => {
    const id = await cluster.submit({ budgets: ["40%", "10%"] });
    const both = () => Promise.all(["worker-1", "worker-2"].map(trains));
    await until("both slots train", 60, async () => (await both()).every(Boolean) || undefined);
    await cluster.stack.part("worker-1").kill("SIGKILL");
    await cluster.stack.part("worker-1").restart();
    const experiment = await cluster.ended(id);
    expect(experiment.state).toBe("finished");
    const lost = await cluster.sql("select reason from attempt where state = 'lost' order by reason");
    expect(lost).toEqual(
      ["worker-1", "worker-2"].map((name) => ({ reason: `worker ${name} ended, and was started again` })),
    );
    const overlapping = await cluster.sql(
      `select a.id from attempt a join attempt b on b.worker_id = a.worker_id and b.id <> a.id
       where tstzrange(a.started_at, a.ended_at) && tstzrange(b.started_at, b.ended_at)`,
    );
    expect(overlapping).toEqual([]);
    const shares = await cluster.sql<{ n: number }>(
      `select count(*)::int as n from attempt a join worker w on w.id = a.worker_id
       where a.state = 'succeeded' and a.stage_run_id = any($1) group by w.name`,
      [experiment.stageRuns.map(({ id }) => id)],
    );
    expect(shares).toHaveLength(2);
    for (const { n } of shares) expect(n).toBeGreaterThanOrEqual(1);
  });

  it("ends the child within five seconds of a cancel that nobody else's need outlives", async () => {
    const id = await cluster.submit({
      until: "train",
      budgets: undefined,
      settings: { train: { length: images(640_000) } },
    });
    const attempt = await cluster.moment<{ id: string }>(
      "it trains",
      "select id from attempt where state = 'running' and progress is not null",
    );
    await cluster.client.experiments.cancel(id);
    await cluster.moment(
      "the attempt ended",
      "select 1 from attempt where id = $1 and state = 'cancelled'",
      [attempt.id],
      5,
    );
    expect((await cluster.client.experiments.get(id)).state).toBe("cancelled");
  });

  it("finishes a second identical experiment from cache, every stage marked", async () => {
    const first = await cluster.ended(await cluster.submit({}));
    const attempts = await cluster.sql("select 1 from attempt");
    const second = await cluster.ended(await cluster.submit({ name: "again" }), 5);
    expect(second.state).toBe("finished");
    expect(second.stageRuns.map((run) => run.origin)).toEqual(["cached", "cached", "cached", "cached"]);
    expect(second.stageRuns.map((run) => run.id).sort()).toEqual(first.stageRuns.map((run) => run.id).sort());
    expect(await cluster.sql("select 1 from attempt")).toHaveLength(attempts.length);
  });

  it("runs single stages from artifacts that earlier ones made", async () => {
    const whole = await cluster.ended(await cluster.submit({}));
    const artifact = (kind: string, role: string) =>
      whole.stageRuns.find((run) => run.kind === kind)?.artifacts.find((one) => one.role === role)?.sha256;
    const arModel = artifact("train", "weights");
    const sensitivity = artifact("sensitivity", "sensitivity");
    const masks = artifact("mask-search", "masks");
    const single: [Partial<ExperimentSpecInput>, string][] = [
      [{ until: "sensitivity", budgets: undefined, seeds: [2] }, "sensitivity"],
      [{ until: "mask-search", arModel, sensitivity }, "mask-search"],
      [{ budgets: undefined, arModel, masks }, "distillation"],
    ];
    for (const [spec, kind] of single) {
      const experiment = await cluster.ended(await cluster.submit({ name: `only ${kind}`, ...spec }));
      expect(experiment.state).toBe("finished");
      expect(experiment.stageRuns.map((run) => run.kind)).toEqual([kind]);
    }
  });
});
