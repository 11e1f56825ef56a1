import { setTimeout as pause } from "node:timers/promises";
import type { Part } from "@reluctant/local";
import { artifactsOf, type Cluster, images } from "../../cluster.ts";
import { type Context, lots, type Measure, percentile, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { withCluster } from "../with-cluster.ts";

const checkpointSeconds = 2;
const killsOfRun = 5;
const specOf = (context: Context, seed: number) => ({
  until: "train" as const,
  budgets: undefined,
  seeds: [seed],
  settings: { train: { length: images(scaled(context, 25_600, 6_400)) } },
});

export const workerKills: Row = {
  name: "worker-kills",
  what: "kill -9 of a worker in training at 50 random moments, with an idle spare",
  async run(context: Context) {
    const kills = scaled(context, 50, 2);
    const runs = Math.ceil(kills / killsOfRun);
    const env = { RELUCTANT_CHECKPOINT_SECONDS: String(checkpointSeconds) };
    const undisturbed = await withCluster({ workers: 1, env }, async (cluster) => {
      for (let seed = 1; seed <= runs; seed++) await cluster.ended(await cluster.submit(specOf(context, seed)));
      return artifactsOf(cluster);
    });
    return withCluster({ workers: 2, env }, async (cluster) => {
      const draw = lots(context);
      const reclaimed: number[] = [];
      const lost: number[] = [];
      for (let kill = 0, seed = 1; seed <= runs; seed++) {
        const id = await cluster.submit(specOf(context, seed));
        for (const last = kill + killsOfRun; kill < last && kill < kills; kill++) {
          const found = await strike(cluster, 1_000 + 4_000 * draw());
          if (!found) break; // it has ended
          reclaimed.push(found.reclaimed);
          lost.push(found.lost);
        }
        kill = seed * killsOfRun;
        await cluster.ended(id);
      }
      const differ = JSON.stringify(await artifactsOf(cluster)) !== JSON.stringify(undisturbed);
      const measures: Measure[] = [
        { what: "kills", value: reclaimed.length, unit: "", atLeast: Math.max(1, Math.floor(kills / 2)) },
        { what: "reclaimed, p50", value: percentile(reclaimed, 0.5), unit: "s" },
        { what: "reclaimed, p99", value: percentile(reclaimed, 0.99), unit: "s", atMost: 20 },
        { what: "work lost, most", value: Math.max(...lost), unit: "s", atMost: checkpointSeconds + 1 },
        { what: "stores whose artifacts differ", value: Number(differ), unit: "", atMost: 0 },
      ];
      return measures;
    });
  },
};

interface Running {
  id: string;
  run: string;
  number: number;
  worker: string;
}

/** Kills the worker that trains, after a while, and starts it again as the spare once its stage run runs elsewhere. */
async function strike(cluster: Cluster, afterMs: number): Promise<{ reclaimed: number; lost: number } | null> {
  const running = await cluster.moment<Running>(
    "it computes",
    `select a.id, a.stage_run_id as run, a.number, w.name as worker from attempt a join worker w on w.id = a.worker_id
     where a.state = 'running' and exists (select from checkpoint c where c.attempt_id = a.id)
     union all select null, null, 0, null where not exists (select from experiment where state = 'active')`,
    [],
    120,
  );
  if (running.id === null) return null;
  await pause(afterMs);
  const part: Part = cluster.stack.part(running.worker);
  const [before] = await cluster.sql<{ step: number; rate: number | null; state: string }>(
    `select coalesce((a.progress ->> 'step')::int, 0) as step, a.state,
       (a.progress ->> 'imagesPerSecond')::float8 / (r.params -> 'settings' ->> 'batchSize')::float8 as rate
     from attempt a join stage_run r on r.id = a.stage_run_id where a.id = $1`,
    [running.id],
  );
  if (before?.state !== "running") return null;
  await part.kill("SIGKILL");
  const killed = performance.now();
  const next = await cluster.moment<{ start_step: number }>(
    "it is reclaimed",
    `select coalesce(start_step, 0) as start_step from attempt where stage_run_id = $1 and number > $2 and state in ('running', 'succeeded')
     union all select -1 from stage_run where id = $1 and state = 'succeeded'`,
    [running.run, running.number],
    240,
  );
  const reclaimed = elapsed(killed);
  await part.start();
  if (next.start_step < 0) return null;
  return { reclaimed, lost: before.rate ? Math.max(0, before.step - next.start_step) / before.rate : 0 };
}
