/**
 * infra/slurm/workers.sbatch under a real Slurm: an experiment goes on from element to element, whether one is warned of its
 * time limit or killed by it, and ends with the bits of a run that nobody interrupted.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentSpecInput } from "@reluctant/contracts";
import { describe, expect, test } from "vitest";
import { artifactsOf, type Cluster, startCluster, until } from "../../cluster.ts";
import { skipFor } from "../../skip-for.ts";
import { whyMissing } from "./programs.ts";
import { startSlurm } from "./slurm.ts";
import { tidyUp } from "./tidy-up.ts";

const missing =
  process.getuid?.() === 0
    ? whyMissing({ slurmctld: "slurmctld", slurmd: "slurmd", sbatch: "slurm-client", munged: "munge" })
    : "Slurm's daemons run as root";

const own = tidyUp("slurm");

/** Slurm's limits are of minutes, and it looks twice a minute whether one is over: more than an element has, whatever the machine. */
const trainingSeconds = 150;

/** Trains so long in one go, at the pace that this machine has now. */
async function longSpec(cluster: Cluster): Promise<Partial<ExperimentSpecInput>> {
  const pilot = { images: 6_400 };
  const of = (length: { images: number }) => ({ settings: { train: { length } } });
  await cluster.ended(await cluster.submit({ ...of(pilot), until: "train", budgets: undefined, seeds: [7] }));
  const [pace] = await cluster.sql<{ rate: number }>(
    "select (progress->>'imagesPerSecond')::float8 as rate from attempt",
  );
  return of({ images: Math.round(trainingSeconds * (pace?.rate ?? Number.NaN)) });
}

describe("workers under Slurm", skipFor(missing), () => {
  test("what an element leaves at its time limit goes on in the next one, to the end, bit for bit", async () => {
    const uninterrupted = own.stopLater(await startCluster());
    const spec = await longSpec(uninterrupted);
    const reference = await uninterrupted.submit(spec);

    const slurm = own.stopLater(await startSlurm(join(own.folder, "slurm")));
    const cluster = own.stopLater(await startCluster({ workers: 0 }));
    const { databaseUrl, redisUrl } = cluster.stack;
    const settings = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      RELUCTANT_DATA: "glyphs-small",
      RELUCTANT_CACHE: join(own.folder, "cache"),
    };
    const file = join(own.folder, "worker.env");
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(file, lines.join(""), { mode: 0o600 });
    const submit = async (...how: string[]) => {
      const small = ["--time=1", "--cpus-per-task=1", "--mem=1G", `--output=${join(own.folder, "%A_%a.log")}`];
      return slurm.ask("sbatch", "--parsable", ...small, ...how, "infra/slurm/workers.sbatch", file);
    };
    const stateOf = async (id: string) => (await slurm.job(id)).JobState;

    // Warned by a signal that means nothing to it, as if by none: its limit kills it.
    const unwarned = await submit("--array=0", "--signal=B:CONT@1");
    const id = await until("its data set is known", 60, () => cluster.submit(spec));
    await until("the limit kills it", 240, async () => (await stateOf(`${unwarned}_0`)) === "TIMEOUT" || undefined);
    expect(await cluster.sql("select distinct state from attempt where state <> 'queued'")).toEqual([
      { state: "preempted" },
    ]);

    const array = await submit("--array=0-1", "--time=2", "--signal=B:USR1@60");
    expect(await cluster.ended(id, 1_200)).toMatchObject({ state: "finished", progress: { succeeded: 4 } });
    expect(Number((await slurm.job(`${array}_0`)).Restarts)).toBeGreaterThan(0);
    expect(await readFile(join(own.folder, `${array}_0.log`), "utf8")).toContain(
      "is queued again, before its time limit",
    );

    const handed = await cluster.sql<{ by: string; to: string; goesOn: boolean }>(
      `select w.name as by, next_w.name as to,
         next.start_step >= coalesce((select max(step) from checkpoint c where c.attempt_id = a.id), 0) as "goesOn"
       from attempt a join worker w on w.id = a.worker_id
       left join attempt next on next.stage_run_id = a.stage_run_id and next.number = a.number + 1
       left join worker next_w on next_w.id = next.worker_id
       where a.state = 'preempted' order by a.started_at`,
    );
    console.log(handed.map(({ by, to }) => `${by} → ${to}`).join(", "));
    expect(handed[0]?.by).toBe(`slurm-${unwarned}-0`);
    expect(handed.length).toBeGreaterThan(1);
    expect(handed.filter(({ by, to, goesOn }) => by === to || !goesOn)).toEqual([]);
    expect(await cluster.sql("select 1 from attempt where state in ('failed', 'lost')")).toEqual([]);
    await slurm.ask("scancel", array);

    await uninterrupted.ended(reference, 1_200);
    const made = await artifactsOf(cluster);
    expect(made.length).toBeGreaterThan(3);
    expect(await artifactsOf(uninterrupted)).toEqual(expect.arrayContaining(made));
  });
});
