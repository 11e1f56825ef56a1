import { setTimeout as pause } from "node:timers/promises";
import type { Agent, Deps } from "@reluctant/control";
import { openDatabase } from "@reluctant/db";
import type { Stack } from "@reluctant/local";
import { openRedis } from "@reluctant/queue";
import { uniform } from "@reluctant/relu";
import type { Row } from "../rows.ts";
import { loadOf } from "./load.ts";
import { percentiles } from "./rate.ts";
import { beatMs, type Held, openHost, startSlot, storedWeights } from "./slots.ts";
import { type Bench, oneRun, quietly } from "./stack.ts";
import { startDelays } from "./start-latency.ts";

/** An attempt lasts this long, so that of 1,000 slots 50 come free in a second. */
const workMs = { least: 10_000, most: 30_000 };
/** Of one experiment. */
const trials = 500;
/** Through a pooler, as so many workers need one: they share these connections. */
const connections = 40;

/**
 * Workers, each with its own connections to Redis, and what the control plane has to do for them: first all but a few are idle,
 * and a submit has to find one; then all are busy for a while with each attempt: beats, dispatch, completions. What counts is
 * that no lease is lost and no slot waits.
 */
export async function fleet(bench: Bench, workers: number, quick: boolean): Promise<Row[]> {
  const seconds = quick ? 15 : 60;
  const db = openDatabase(bench.stack.databaseUrl, { poolSize: connections });
  const deps: Deps = { ...bench.deps, db };
  const weights = await storedWeights(deps);
  const beats: number[] = [];
  const waits: number[] = [];
  let busy = false;
  let measuring = false;
  const onBeat = (ms: number) => measuring && beats.push(ms);
  const member = async (number: number) => {
    let freeAt = Number.NaN;
    const host = await openHost({ ...bench, deps });
    const stop = await startSlot(host, `fleet-${number}`, {
      onBeat,
      onCompleted: () => (freeAt = performance.now()),
      perform: async (deps, held) => {
        if (measuring && freeAt) waits.push(performance.now() - freeAt);
        if (busy) await work(host.agent, held, onBeat);
        return weights(deps, held.attemptId);
      },
    });
    return () => stop().then(host.close);
  };
  const stops: (() => Promise<void>)[] = [];
  while (stops.length < workers) {
    const wave = Array.from({ length: Math.min(connections, workers - stops.length) }, (_, at) =>
      member(stops.length + at),
    );
    stops.push(...(await Promise.all(wave)));
  }
  const idle = await startDelays(bench, { perSecond: 20, seconds: quick ? 3 : 15, firstSeed: 1_000_000 });
  busy = true;
  for (let first = 0; first < workers * (2 + seconds / 20); first += trials)
    await bench.client.experiments.submit({
      ...oneRun(1),
      seeds: Array.from({ length: trials }, (_, at) => 2_000_000 + first + at),
    });
  await pause(workMs.most); // by then they have come apart
  measuring = true;
  const load = await loadOf(bench.stack, () => pause(seconds * 1_000));
  measuring = false;
  const { postgres, redis, lost } = await standing(bench);
  await Promise.all(stops.map((stop) => stop()));
  await db.close();
  const what = `${workers.toLocaleString("en-US")} workers`;
  return [
    ...percentiles(`${what}, all idle, submit to attempt start at 20/s`, idle, { p99: { atMost: 500 } }),
    { case: `${what}, attempts begun`, value: waits.length / seconds, unit: "1/s" },
    { case: `${what}, leases lost`, value: lost, unit: "", atMost: 0 },
    ...percentiles(`${what}, beat`, beats, { p99: { atMost: 1_000 } }),
    ...percentiles(`${what}, slot free to next attempt`, waits, { p99: { atMost: 1_000 } }),
    { case: `${what}, connections to Postgres`, value: postgres, unit: "" },
    { case: `${what}, connections to Redis`, value: redis, unit: "" },
    { case: `${what}, statements`, value: load.statements / seconds, unit: "1/s" },
    ...load.byPart.map(({ name, ms }) => ({
      case: `${what}, processor of ${name}`,
      value: ms / (seconds * 1_000),
      unit: "cores",
    })),
  ];
}

/** Attempts so far: each has its time by its number, the same in every run. */
let begun = 0;

/** Holds an attempt for its time, with the beats that its lease takes. */
async function work(agent: Agent, held: Held, onBeat: (ms: number) => void): Promise<void> {
  const until =
    performance.now() + workMs.least + uniform({ seed: 1, stream: 0, index: begun++ }) * (workMs.most - workMs.least);
  for (let left = until - performance.now(); left > 0; left = until - performance.now()) {
    await pause(Math.min(beatMs, left));
    const at = performance.now();
    await agent.beatAttempt(held);
    onBeat(performance.now() - at);
  }
}

async function standing({ deps, stack }: Bench): Promise<{ postgres: number; redis: number; lost: number }> {
  const [row] = await deps.db.prisma.$queryRaw<{ postgres: number; lost: number }[]>`
    select (select count(*)::int from pg_stat_activity where datname = current_database()) as postgres,
      (select count(*)::int from attempt where state = 'lost') as lost`;
  return { postgres: row?.postgres ?? 0, lost: row?.lost ?? 0, redis: await connectionsToRedis(stack) };
}

async function connectionsToRedis({ redisUrl: url }: Stack): Promise<number> {
  const redis = openRedis({ url, log: quietly });
  await redis.ready();
  const told = await redis.client.info("clients");
  await redis.close();
  return Number(/^connected_clients:(\d+)/m.exec(told)?.[1]);
}
