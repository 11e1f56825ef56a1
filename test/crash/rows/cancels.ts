import { readFile } from "node:fs/promises";
import { groupGone } from "@reluctant/machine";
import { images } from "../../cluster.ts";
import { type Context, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { withCluster } from "../with-cluster.ts";

export const cancels: Row = {
  name: "cancels",
  what: "running attempts cancelled, with Redis and without",
  takes: { seconds: 38, least: 35 },
  run: (context: Context) =>
    withCluster({ workers: 1 }, async ({ client, stack, submit, moment }) => {
      const took: number[] = [];
      const cancel = async (seed: number) => {
        const settings = { train: { length: images(6_400_000) } };
        const id = await submit({ until: "train", budgets: undefined, seeds: [seed], settings });
        const { attempt } = await moment<{ attempt: string }>(
          "it computes",
          "select a.id as attempt from attempt a join checkpoint c on c.attempt_id = a.id where a.state = 'running' limit 1",
        );
        const group = await childOf(stack.part("worker-1").pid as number);
        if (seed % 2 === 0) await stack.part("redis").kill("SIGKILL");
        const asked = performance.now();
        await client.experiments.cancel(id);
        await groupGone(group);
        took.push(elapsed(asked));
        await moment("its end is recorded", "select 1 from attempt where id = $1 and state = 'cancelled'", [attempt]);
        await stack.part("redis").start();
      };
      for (let seed = 1; seed <= scaled(context, 10, 2); seed++) await cancel(seed);
      return [{ what: "until its process group was gone, most", value: Math.max(...took), unit: "s", atMost: 5 }];
    }),
};

/** The one child process of a supervisor. */
async function childOf(supervisor: number): Promise<number> {
  const children = (await readFile(`/proc/${supervisor}/task/${supervisor}/children`, "utf8")).trim().split(" ");
  return Number(children.at(-1));
}
