import type { Stack } from "@reluctant/local";
import type { Figure } from "../rows.ts";
import { loadOf } from "./load.ts";
import { openPlainClient, type PlainClient } from "./plain-client.ts";
import { atRate, percentiles } from "./rate.ts";
import { type Bench, oneRun } from "./stack.ts";

/** How fast experiments are taken, each of another seed; at a rate that leaves room, how long one waits; and without Redis. */
export async function submitted({ stack }: Bench, quick: boolean): Promise<Figure[]> {
  const client = openPlainClient(stack);
  const asFast = await asFastAsPossible(stack, client, quick ? 300 : 3_000);
  const rate = 100;
  const delays = await atRate(rate, quick ? 3 : 20, (number) => client.submit(oneRun(100_000 + number)));
  const withoutRedis = await submitWithoutRedis(stack, client, quick ? 20 : 100);
  client.close();
  return [...asFast, ...percentiles(`REST submit at ${rate}/s`, delays, { p99: { atMost: 100 } }), ...withoutRedis];
}

/** Four clients that submit one after the other, after a third as many that compile the code and plan the statements. */
async function asFastAsPossible(stack: Stack, client: PlainClient, total: number): Promise<Figure[]> {
  let seed = 10_000;
  const submitAll = async (count: number): Promise<number[]> => {
    const delays: number[] = [];
    const end = seed + count;
    const submitter = async () => {
      while (seed < end) {
        const at = performance.now();
        await client.submit(oneRun(seed++));
        delays.push(performance.now() - at);
      }
    };
    await Promise.all(Array.from({ length: 4 }, submitter));
    return delays;
  };
  await submitAll(total / 3);
  let delays: number[] = [];
  const at = performance.now();
  const { statements, plans, commits, byStatement, byPart } = await loadOf(stack, async () => {
    delays = await submitAll(total);
  });
  const seconds = (performance.now() - at) / 1_000;
  return [
    { case: "REST submits, 4 clients", value: total / seconds, unit: "1/s", atLeast: 300 },
    { case: "REST submit, statements", value: statements / total, unit: "" },
    { case: "REST submit, statements planned", value: plans / total, unit: "" },
    { case: "REST submit, commits", value: commits / total, unit: "" },
    ...byPart.map(({ name, ms }) => ({ case: `REST submit, processor of ${name}`, value: ms / total, unit: "ms" })),
    ...byStatement
      .map(({ name, ms }) => ({ case: `REST submit, Postgres in ${name}`, value: ms / total, unit: "ms" }))
      .filter(({ value }) => value >= 0.02),
    ...percentiles("REST submit, 4 clients", delays),
  ];
}

/** A request waits for no Redis, be it away: one submit after the other is as fast as ever. */
async function submitWithoutRedis(stack: Stack, client: PlainClient, total: number): Promise<Figure[]> {
  await stack.part("redis").stop();
  const delays: number[] = [];
  for (let number = 0; number < total; number++) {
    const at = performance.now();
    await client.submit(oneRun(20_000 + number));
    delays.push(performance.now() - at);
  }
  await stack.part("redis").start();
  return percentiles("REST submit without Redis", delays, { p50: { atMost: 100 }, p99: {} });
}
