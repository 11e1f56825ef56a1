import type { Figure } from "../rows.ts";
import { atRate, percentiles } from "./rate.ts";
import { startSlots, storedWeights } from "./slots.ts";
import { type Bench, oneRun } from "./stack.ts";

/** Submit → attempt running, by Postgres' clock, on eight slots that wait: 50 submits a second. */
export async function startLatency(bench: Bench, quick: boolean): Promise<Figure[]> {
  const stop = await startSlots(bench, await storedWeights(bench.deps));
  const perSecond = 50;
  await bench.client.experiments.submit(oneRun(1));
  await atRate(perSecond, quick ? 3 : 20, (number) => bench.client.experiments.submit(oneRun(1_000 + number)));
  let rows: { delay: number | null }[] = [];
  do {
    rows = await bench.deps.db.prisma.$queryRaw`
      select (extract(epoch from a.started_at - e.created_at) * 1000)::float8 as delay
      from experiment e join trial t on t.experiment_id = e.id join need n on n.trial_id = t.id
      left join attempt a on a.stage_run_id = n.stage_run_id and a.number = 1`;
  } while (rows.some(({ delay }) => delay === null));
  await stop();
  const delays = rows.map(({ delay }) => Number(delay));
  return percentiles(`submit to attempt start at ${perSecond}/s`, delays, { p50: { atMost: 15 }, p99: { atMost: 60 } });
}
