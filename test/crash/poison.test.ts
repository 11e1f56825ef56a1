import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, images, startCluster } from "../cluster.ts";

let cluster: Cluster;
afterEach(() => cluster.stop(), 60_000);

describe("a stage run that takes its worker with it again and again", { timeout: 480_000 }, () => {
  it("fails as poisonous with its history, and the worker serves on", async () => {
    cluster = await startCluster({ env: { RELUCTANT_CHECKPOINT_SECONDS: "3600" } });
    const { stack, moment } = cluster;
    const settings = { train: { length: images(640_000) } };
    const submitted = await cluster.submit({ until: "train", budgets: undefined, settings });
    for (let attempt = 1; attempt <= 5; attempt++) {
      const { id } = await moment<{ id: string }>(
        `attempt ${attempt} computes`,
        "select id from attempt where number = $1 and state = 'running' and progress is not null",
        [attempt],
      );
      await stack.part("worker-1").kill("SIGKILL");
      await cluster.leasePasses(id); // and with it the 15 s in which another loss would excuse this one
      await stack.part("worker-1").restart();
    }
    const failed = await cluster.ended(submitted);
    expect(failed).toMatchObject({ state: "failed", reason: expect.stringMatching(/^(.* )?poisonous: .* 5 times/) });
    const [run] = failed.stageRuns;
    expect(run?.reason?.match(/worker-1 \(/g)).toHaveLength(5);

    const next = await cluster.submit({ until: "train", budgets: undefined, seeds: [2] });
    expect((await cluster.ended(next)).state).toBe("finished");
  });
});
