import type { Figure } from "../rows.ts";
import { loadOf } from "./load.ts";
import { atRate, percentiles } from "./rate.ts";
import { type Bench, oneRun } from "./stack.ts";

/** How fast experiments are taken, each of another seed; at a rate that leaves room, how long one waits; and without Redis. */
export async function submitted(bench: Bench, quick: boolean): Promise<Figure[]> {
  const asFast = await asFastAsPossible(bench, quick ? 300 : 3_000);
  const rate = 100;
  const delays = await atRate(rate, quick ? 3 : 20, (number) => submit(bench, 100_000 + number));
  const withoutRedis = await submitWithoutRedis(bench, quick ? 20 : 100);
  return [...asFast, ...percentiles(`REST submit at ${rate}/s`, delays, { p99: { atMost: 100 } }), ...withoutRedis];
}

const submit = ({ client }: Bench, seed: number) => client.experiments.submit(oneRun(seed));

/** Four clients that submit one after the other. */
async function asFastAsPossible(bench: Bench, total: number): Promise<Figure[]> {
  const delays: number[] = [];
  let next = 0;
  const submitter = async () => {
    while (next < total) {
      const at = performance.now();
      await submit(bench, 10_000 + next++);
      delays.push(performance.now() - at);
    }
  };
  await submit(bench, 1);
  const at = performance.now();
  const { statements, plans, commits, byStatement, byPart } = await loadOf(bench.stack, () =>
    Promise.all(Array.from({ length: 4 }, submitter)),
  );
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
async function submitWithoutRedis(bench: Bench, total: number): Promise<Figure[]> {
  await bench.stack.part("redis").stop();
  const delays: number[] = [];
  for (let number = 0; number < total; number++) {
    const at = performance.now();
    await submit(bench, 20_000 + number);
    delays.push(performance.now() - at);
  }
  await bench.stack.part("redis").start();
  return percentiles("REST submit without Redis", delays, { p50: { atMost: 100 }, p99: {} });
}
