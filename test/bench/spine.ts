/**
 * The platform's own speed with the real Postgres, Redis, coordinator, API and worker; of the work itself only a step.
 * Durable stores, not the tests' ephemeral ones.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { postgresArtifacts } from "@reluctant/artifacts";
import type { ExperimentSpecInput, ResultOf } from "@reluctant/contracts";
import { beatWorker, claimAttempt, completeAttempt, type Deps, registerWorker } from "@reluctant/control";
import { type Database, openDatabase } from "@reluctant/db";
import { type Stack, startStack } from "@reluctant/local";
import { createConsumer, createNotifications, openRedis, queueNames } from "@reluctant/queue";
import { type Client, createClient } from "@reluctant/sdk";
import { implementationVersions } from "@reluctant/stages/definitions";
import { largeSweep } from "./large-sweep.ts";
import type { Figure } from "./rows.ts";

const oneStep: ExperimentSpecInput = {
  name: "bench",
  dataset: "glyphs-small",
  model: "resnet8",
  recipe: "debug",
  until: "train",
  settings: { train: { length: { images: 32 } } },
};

export async function spine({ quick }: { quick: boolean }): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), "reluctant-bench-"));
  const stack = await startStack({
    dir,
    workers: 1,
    env: { ...process.env, RELUCTANT_DATA: "glyphs-small", RELUCTANT_THREADS: "1", LOG_LEVEL: "info" },
  });
  try {
    const client = createClient({ baseUrl: stack.address as string, token: stack.credentials?.token as string });
    const started = await startLatency(stack, client, quick ? 5 : 20);
    await stack.part("worker-1").stop();
    const submitted = await submitSpeed(client, quick ? 100 : 1_000);
    const withoutRedis = await submitWithoutRedis(stack, client, quick ? 20 : 100);
    const drained = await drainSpeed(stack);
    const large = await largeSweep(stack, quick ? 1_000 : 10_000);
    return [...submitted, ...withoutRedis, ...started, ...drained, ...large];
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Submit → attempt running, on a worker that waits; one experiment at a time. */
async function startLatency(stack: Stack, client: Client, rounds: number): Promise<Figure[]> {
  const db = openDatabase(stack.databaseUrl);
  const delays: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const { id } = await client.experiments.submit({ ...oneStep, seeds: [1_000 + round] });
      for await (const event of client.events({ experimentId: id })) {
        if (event.type === "experiment.changed") break;
      }
      const [row] = await db.prisma.$queryRaw<{ delay: number }[]>`
        select extract(epoch from a.started_at - e.created_at) * 1000 as delay
        from experiment e join trial t on t.experiment_id = e.id join need n on n.trial_id = t.id
        join attempt a on a.stage_run_id = n.stage_run_id where e.id = ${id}::uuid and a.number = 1`;
      delays.push(Number(row?.delay));
    }
  } finally {
    await db.close();
  }
  return percentiles("submit to attempt start, idle worker", delays);
}

/** Four clients that submit one after the other, every experiment another seed. */
async function submitSpeed(client: Client, total: number): Promise<Figure[]> {
  const delays: number[] = [];
  let next = 0;
  const submitter = async () => {
    while (next < total) {
      const seed = 10_000 + next++;
      const at = performance.now();
      await client.experiments.submit({ ...oneStep, seeds: [seed] });
      delays.push(performance.now() - at);
    }
  };
  const at = performance.now();
  await Promise.all(Array.from({ length: 4 }, submitter));
  const seconds = (performance.now() - at) / 1000;
  return [
    { case: "REST submits, 4 clients", value: total / seconds, unit: "1/s" },
    ...percentiles("REST submit, 4 clients", delays),
  ];
}

/** A request waits for no Redis, be it away: one submit after the other is as fast as ever. */
async function submitWithoutRedis(stack: Stack, client: Client, total: number): Promise<Figure[]> {
  await stack.part("redis").stop();
  const delays: number[] = [];
  for (let number = 0; number < total; number++) {
    const at = performance.now();
    await client.experiments.submit({ ...oneStep, seeds: [20_000 + number] });
    delays.push(performance.now() - at);
  }
  await stack.part("redis").start();
  const [median, ...others] = percentiles("REST submit without Redis", delays);
  return [{ ...(median as Figure), atMost: 100 }, ...others];
}

/** What the submits left waiting, taken by eight slots that do nothing but claim and complete. */
async function drainSpeed(stack: Stack): Promise<Figure[]> {
  const db = openDatabase(stack.databaseUrl);
  const [{ waiting = 0 } = {}] = await db.prisma.$queryRaw<
    { waiting: number }[]
  >`select count(*)::int as waiting from stage_run where state in ('ready', 'active')`;
  const at = performance.now();
  const slots = await Promise.all(Array.from({ length: 8 }, (_, slot) => idleSlot(db, stack, slot)));
  let left = waiting;
  while (left > 0) {
    const [row] = await db.prisma.$queryRaw<
      { left: number }[]
    >`select count(*)::int as left from stage_run where state in ('ready', 'active')`;
    left = row?.left ?? 0;
  }
  const seconds = (performance.now() - at) / 1000;
  await Promise.all(slots.map((stop) => stop()));
  const [{ twice = 0 } = {}] = await db.prisma.$queryRaw<{ twice: number }[]>`
    select count(*)::int as twice from (select 1 from attempt where state = 'succeeded' group by stage_run_id having count(*) <> 1) doubled`;
  await db.close();
  return [
    { case: "no-op stage runs drained, 8 slots", value: waiting / seconds, unit: "1/s" },
    { case: "stage runs committed more than once", value: twice, unit: "" },
  ];
}

const done: ResultOf<"train"> = {
  kind: "train",
  images: 32,
  reluCount: 73_728,
  validationAccuracy: 0.1,
  testAccuracy: 0.1,
};

/** A registered worker without an engine: takes jobs as a supervisor does, and answers each claim with a result. */
async function idleSlot(db: Database, stack: Stack, slot: number): Promise<() => Promise<void>> {
  const [dataset] = await db.prisma.$queryRaw<{ sha256: string }[]>`select sha256 from dataset_version limit 1`;
  const redis = openRedis({ url: stack.redisUrl, log: { info: () => {}, warn: () => {} } });
  await redis.ready();
  const notifications = createNotifications(redis);
  const deps: Deps = { db, artifacts: postgresArtifacts(db), notifications };
  const { workerId } = await registerWorker(deps, {
    name: `bench-${slot}`,
    hostname: hostname(),
    pool: "default",
    engine: {
      backend: "none",
      device: "none",
      memoryBytes: null,
      threads: 1,
      precisions: ["fp32"],
      deterministic: false,
      versions: {},
      cpuLevel: null,
    },
    versions: implementationVersions,
    datasets: [dataset?.sha256 as string],
    unusableDatasets: [],
  });
  const consumer = createConsumer({ redis, notifications, queues: queueNames("default"), workerName: `bench-${slot}` });
  const closing = new AbortController();
  const work = (async () => {
    for (;;) {
      const delivery = await consumer.next(closing.signal);
      if (!delivery) return;
      const { attemptId } = delivery.payload;
      const claim = await claimAttempt(deps, { attemptId, workerId });
      if (claim.outcome === "claimed") await complete(deps, attemptId, claim.epoch);
      await delivery.finish({ state: "completed" });
      await beatWorker(deps, { workerId, state: "idle" });
    }
  })();
  return async () => {
    closing.abort();
    await work;
    await consumer.close();
    await redis.close();
  };
}

/** Commits a result with a weights artifact of a few bytes, uploaded as every worker uploads. */
async function complete(deps: Deps, attemptId: string, epoch: number): Promise<void> {
  const mediaType = "application/octet-stream";
  const weights = await deps.artifacts.put({ attemptId, mediaType, bytes: fewBytes() });
  await completeAttempt(deps, {
    attemptId,
    epoch,
    result: done,
    artifacts: [{ role: "weights", variant: "full", mediaType, ...weights }],
  });
}

async function* fewBytes(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(64);
}

function percentiles(name: string, values: number[]): Figure[] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return [
    { case: `${name}, p50`, value: at(0.5), unit: "ms" },
    { case: `${name}, p99`, value: at(0.99), unit: "ms" },
  ];
}
