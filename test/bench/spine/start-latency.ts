import type { Figure } from "../rows.ts";
import { atRate, percentiles } from "./rate.ts";
import { startSlots, storedWeights } from "./slots.ts";
import { type Bench, oneRun } from "./stack.ts";

/** Submit → attempt running, on eight slots that wait: 50 submits a second. */
export async function startLatency(bench: Bench, quick: boolean): Promise<Figure[]> {
  const stop = await startSlots(bench, await storedWeights(bench.deps));
  await startDelays(bench, { perSecond: 50, seconds: 1, firstSeed: 1 }); // connections, prepared statements, compiled code
  const delays = await startDelays(bench, { perSecond: 50, seconds: quick ? 3 : 20, firstSeed: 1_000 });
  await stop();
  return percentiles("submit to attempt start at 50/s", delays, { p50: { atMost: 15 }, p99: { atMost: 60 } });
}

interface Submits {
  perSecond: number;
  seconds: number;
  firstSeed: number;
}

/** How long each of the submits waited for its attempt to run, in milliseconds by Postgres' clock. */
export async function startDelays(bench: Bench, { perSecond, seconds, firstSeed }: Submits): Promise<number[]> {
  await atRate(perSecond, seconds, (number) => bench.client.experiments.submit(oneRun(firstSeed + number)));
  const seeds = [firstSeed, firstSeed + perSecond * seconds - 1] as const;
  let rows: { delay: number | null }[] = [];
  do {
    rows = await bench.deps.db.prisma.$queryRaw`
      select (extract(epoch from a.started_at - e.created_at) * 1000)::float8 as delay
      from experiment e join trial t on t.experiment_id = e.id join need n on n.trial_id = t.id
      left join attempt a on a.stage_run_id = n.stage_run_id and a.number = 1
      where t.seed between ${seeds[0]} and ${seeds[1]}
      order by e.created_at`;
  } while (rows.some(({ delay }) => delay === null));
  return rows.map(({ delay }) => Number(delay));
}
