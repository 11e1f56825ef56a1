import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { ExperimentSpecInput, ExperimentSummary, Page } from "@reluctant/contracts";
import { uniform } from "@reluctant/relu";
import type { Figure } from "../rows.ts";
import { percentiles } from "./rate.ts";
import { slots, startSlots, storedWeights } from "./slots.ts";
import type { Bench } from "./stack.ts";

/**
 * What screens ask of experiments of many trials, at rest and while eight slots drain one, of a frontier of many points and
 * of a long curve; and what the services hold then.
 */
export async function lists(bench: Bench, trials: number): Promise<Figure[]> {
  const { client } = bench;
  const { id } = await client.experiments.submit(sweep(trials));
  const many = trials.toLocaleString("en-US");
  let asks = 0;
  const page = () => String(Math.floor(uniform({ seed: 1, stream: 0, index: asks++ }) * (trials - 200)));
  const asked = { p95: { atMost: 150 } };
  const list = () => client.experiments.list({});
  const trialPages = await timed(() => client.experiments.trials(id, { after: page() }));
  const atRest = await timed(list);
  const { stageRunId } = (await client.experiments.trials(id)).items[0]?.needs[0] ?? {};
  await client.experiments.pause(id); // slots of the bench answer with the results of training runs alone
  const draining = await whileDraining(bench, list);
  const points = 10 * trials;
  await fillFrontier(bench, bench.datasetVersion);
  await fillCurve(bench, stageRunId as string, 100 * trials);
  await untilFolded(bench);
  const { dataset, model } = sweep(trials);
  const services = ["coordinator", "api"].map((name) => ({
    case: `memory of ${name}`,
    value: megabytesOf(bench.stack.part(name).pid as number),
    unit: "MB",
    atMost: 300,
  }));
  return [
    ...percentiles(`page of experiments, one of ${many} trials`, atRest, asked),
    ...percentiles(`page of experiments, one of ${many} trials, one of 1,000 that drains`, draining, asked),
    ...percentiles(`page of ${many} trials`, trialPages, asked),
    ...percentiles(
      `frontier of ${points.toLocaleString("en-US")} points`,
      await timed(() => client.frontier(dataset, model, { points: "frontier" })),
      { p95: { atMost: 100 } },
    ),
    ...percentiles(
      `curve of ${(100 * trials).toLocaleString("en-US")} points, 2,000 of them`,
      await timed(() => client.stageRuns.metrics(stageRunId as string, { most: 2_000 }), 10),
      { p95: {} },
    ),
    ...services,
  ];
}

const sweep = (trials: number): ExperimentSpecInput => ({
  name: "large sweep",
  dataset: "glyphs-small",
  model: "resnet8",
  recipe: "debug",
  budgets: Array.from({ length: 100 }, (_, index) => 1_000 + index),
  seeds: { count: trials / 100 },
});

/** Training runs, one for each of as many seeds as a spec may ask for. */
const trainings: ExperimentSpecInput = {
  name: "many seeds",
  dataset: "glyphs-small",
  model: "resnet8",
  recipe: "debug",
  until: "train",
  settings: { train: { length: { images: 32 } } },
  seeds: { count: 1_000 },
};

/** How long each page takes while slots claim and complete; each must tell what had ended when it was asked. */
async function whileDraining(bench: Bench, list: () => Promise<Page<ExperimentSummary>>): Promise<number[]> {
  const { id } = await bench.client.experiments.submit(trainings);
  let completed = 0;
  const stop = await startSlots(bench, await storedWeights(bench.deps), () => completed++);
  const delays = await timed(async () => {
    const before = completed;
    const told = (await list()).items.find((experiment) => experiment.id === id)?.progress.succeeded ?? 0;
    if (told < before || told > completed + slots) throw new Error(`${told} told, ${before} to ${completed} completed`);
  });
  await stop();
  return delays;
}

/** Ten points of each distillation, of 400 groups of seeds. */
async function fillFrontier({ deps }: Bench, datasetVersion: string): Promise<void> {
  for (let variant = 1; variant <= 10; variant++)
    await deps.db.prisma.$executeRaw`
    insert into frontier_point (stage_run_id, variant, dataset_version, model, definition_hash, method, recipe, seed, budget,
      relu_count, convention, macs, images, gpu_seconds, validation_accuracy, test_accuracy)
    select r.id, 'v' || k, r.dataset_version, m.name, m.definition_hash, (array['senet', 'snl', 'autorep', 'uniform'])[1 + k % 4],
      'debug', r.seed, 1000 * (1 + n % 100), 1000 * (1 + n % 100) - n % 50, 'with-stem', 1000000, 1000, 1,
      0.5 + 0.4 * (1 - exp(-(n % 100) / 20.0)) + 0.01 * sin(n * k), 0.5
    from (select *, row_number() over (order by id) as n from stage_run where kind = 'distillation') r,
      (select ${variant}::int as k) variant, (select * from model limit 1) m
    where r.dataset_version = ${datasetVersion}`;
}

/** Points come by the hundred a second at most, and the coordinator has looked at all but the last of them. */
async function untilFolded({ deps: { db } }: Bench): Promise<void> {
  const left = () => db.prisma.frontierPoint.count({ where: { dominated: null } });
  while ((await left()) > 0) await pause(100);
  // As Postgres does by itself within a minute. Without it plans go by the tables as they were before the sweep was submitted.
  await db.prisma.$executeRaw`vacuum analyze`;
}

/** A loss of so many steps. */
async function fillCurve({ deps }: Bench, stageRunId: string, points: number): Promise<void> {
  const blocks = Math.ceil(points / 512);
  for (let first = 0; first < blocks; first += 500)
    await deps.db.prisma.$executeRaw`
    insert into metric_block (stage_run_id, series, block, steps, "values")
    select ${stageRunId}::uuid, 'loss', block, array(select generate_series(block * 512, block * 512 + 511)),
      array(select exp(-(block * 512 + i) / 200000.0) + 0.1 * sin(i) from generate_series(0, 511) i)
    from generate_series(${first}::int, ${Math.min(first + 500, blocks) - 1}::int) block`;
}

const times = 40;

async function timed(work: () => Promise<unknown>, repeats = times): Promise<number[]> {
  const delays: number[] = [];
  for (let time = 0; time < repeats; time++) {
    const at = performance.now();
    await work();
    delays.push(performance.now() - at);
  }
  return delays;
}

/** What a process holds of memory now. */
const megabytesOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
