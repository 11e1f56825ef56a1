import { setTimeout as pause } from "node:timers/promises";
import type { Part } from "@reluctant/local";
import { artifactsOf, type Cluster, images } from "../../cluster.ts";
import { type Context, lots, type Measure, percentile, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { withCluster } from "../with-cluster.ts";

const checkpointSeconds = 2;
const killsOfRun = 6;
/** Runs that are struck side by side: most of a kill's time is waiting for a lease to end, which takes no processor. */
const lanes = 3;

const specOf = (context: Context, seed: number) => ({
  until: "train" as const,
  budgets: undefined,
  seeds: [seed],
  settings: { train: { length: images(scaled(context, 30_720, 6_400)) } },
});

export const workerKills: Row = {
  name: "worker-kills",
  what: "kill -9 of a worker in training at 50 random moments, with an idle spare",
  takes: { seconds: 612, least: 90 },
  async run(context: Context) {
    const kills = scaled(context, 50, 2);
    const runs = Math.ceil(kills / killsOfRun);
    const env = { RELUCTANT_CHECKPOINT_SECONDS: String(checkpointSeconds) };
    const undisturbed = await withCluster({ workers: lanes, env }, async (cluster) => {
      await inLanes(runs, async (seed) => {
        await cluster.ended(await cluster.submit(specOf(context, seed)), 600);
      });
      return artifactsOf(cluster);
    });
    return withCluster({ workers: 2 * lanes, env }, async (cluster) => {
      const struck: Struck[] = [];
      await inLanes(runs, async (seed) => {
        const draw = lots({ ...context, seed: 1_000 * context.seed + seed });
        const experiment = await cluster.submit(specOf(context, seed));
        const last = Math.min(killsOfRun, kills - (seed - 1) * killsOfRun);
        for (let kill = 0; kill < last; kill++) {
          const found = await strike(cluster, experiment, 1_000 + 4_000 * draw());
          if (!found) break; // it has ended
          struck.push(found);
        }
        await cluster.ended(experiment, 600);
      });
      const differ = JSON.stringify(await artifactsOf(cluster)) !== JSON.stringify(undisturbed);
      const reclaimed = struck.map((each) => each.reclaimed);
      const measures: Measure[] = [
        { what: "kills", value: struck.length, unit: "", atLeast: Math.max(1, Math.floor(kills / 2)) },
        { what: "reclaimed, p50", value: percentile(reclaimed, 0.5), unit: "s" },
        { what: "reclaimed, p99", value: percentile(reclaimed, 0.99), unit: "s", atMost: 20 },
        {
          what: "work lost, most",
          value: Math.max(...struck.map(({ lost }) => lost)),
          unit: "s",
          atMost: checkpointSeconds + 1,
        },
        { what: "stores whose artifacts differ", value: Number(differ), unit: "", atMost: 0 },
      ];
      return measures;
    });
  },
};

/** Seeds from 1, each lane its own, one after the other. */
async function inLanes(runs: number, run: (seed: number) => Promise<void>): Promise<void> {
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let seed = 1 + lane; seed <= runs; seed += lanes) await run(seed);
    }),
  );
}

/** In seconds: until it ran again, and of training that was done anew. */
interface Struck {
  reclaimed: number;
  lost: number;
}

interface Running {
  id: string;
  run: string;
  number: number;
  worker: string;
}

/** Kills the worker that trains it, after a while, and starts it again as a spare once its stage run runs elsewhere. */
async function strike(cluster: Cluster, experiment: string, afterMs: number): Promise<Struck | null> {
  const running = await cluster.moment<Running>(
    "it computes",
    `select a.id, a.stage_run_id as run, a.number, w.name as worker from attempt a join worker w on w.id = a.worker_id
     join need n on n.stage_run_id = a.stage_run_id join trial t on t.id = n.trial_id
     where t.experiment_id = $1 and a.state = 'running' and exists (select from checkpoint c where c.attempt_id = a.id)
     union all select null, null, 0, null where not exists (select from experiment where id = $1 and state = 'active')`,
    [experiment],
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
