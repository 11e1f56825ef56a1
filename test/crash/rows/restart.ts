import { setTimeout as pause } from "node:timers/promises";
import { images } from "../../cluster.ts";
import { type Context, lots, percentile, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { withCluster } from "../with-cluster.ts";

export const restart: Row = {
  name: "restart",
  what: "a supervisor killed and started again on its slot at once, the only one there is",
  takes: { seconds: 36, least: 25 },
  run: (context: Context) =>
    withCluster({ workers: 1 }, async ({ stack, submit, moment, sql }) => {
      const draw = lots(context);
      const worker = stack.part("worker-1");
      await submit({ until: "train", budgets: undefined, settings: { train: { length: images(6_400_000) } } });
      const resumed: number[] = [];
      const handedBack: number[] = [];
      const registered: number[] = [];
      for (let number = 1; number <= scaled(context, 10, 2); number++) {
        await moment(
          "it computes, with a checkpoint",
          "select 1 from attempt a join checkpoint c on c.attempt_id = a.id where a.number = $1 and a.state = 'running'",
          [number],
        );
        await pause(1_000 * draw());
        await worker.kill("SIGKILL");
        const killed = performance.now();
        const killedAt = Date.now();
        await worker.start();
        await moment(
          "it is resumed",
          "select 1 from attempt where number = $1 and state = 'running'",
          [number + 1],
          60,
        );
        resumed.push(elapsed(killed));
        const [at] = await sql<{ ended: Date; registered: Date }>(
          "select ended_at as ended, (select max(started_at) from worker) as registered from attempt where number = $1",
          [number],
        );
        handedBack.push((Number(at?.ended) - killedAt) / 1_000);
        registered.push((Number(at?.registered) - killedAt) / 1_000);
      }
      const found = await sql("select 1 from attempt where state = 'lost' and reason not like '%started again%'");
      return [
        { what: "handed back, p50", value: percentile(handedBack, 0.5), unit: "s" },
        { what: "the worker is there again, p50", value: percentile(registered, 0.5), unit: "s" },
        { what: "resumed, p50", value: percentile(resumed, 0.5), unit: "s" },
        { what: "resumed, most", value: Math.max(...resumed), unit: "s", atMost: 3 },
        { what: "found only by the end of a lease", value: found.length, unit: "", atMost: 0 },
      ];
    }),
};
