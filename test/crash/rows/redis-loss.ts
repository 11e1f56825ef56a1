import { until } from "../../cluster.ts";
import { type Platform, seedsFrom, withPlatform } from "../platform.ts";
import { type Context, noFaults, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

/** Each leaves an empty Redis, or a dead one for a while. */
const strikes: [what: string, strike: (platform: Platform) => Promise<unknown>][] = [
  ["FLUSHALL", ({ stack }) => stack.redis?.flush() ?? Promise.reject(new Error("no Redis"))],
  [
    "kill -9",
    async ({ stack }) => {
      await stack.part("redis").kill("SIGKILL");
      await stack.part("redis").start();
    },
  ],
  [
    "kill -9 and an empty folder",
    async ({ stack }) => {
      await stack.part("redis").kill("SIGKILL");
      await stack.redis?.flush();
      await stack.part("redis").start();
    },
  ],
];

/** Completed after each strike, to show that nothing is lost or done twice; of 100,000 the rest is cancelled. */
const completions = 500;

export const redisLoss: Row = {
  name: "redis-loss",
  what: "Redis flushed, killed, and restarted empty, with 100,000 stage runs ready",
  takes: { seconds: 149, least: 60 },
  run: (context: Context) =>
    withPlatform({ workers: 8, workMs: "50-150" }, async (platform) => {
      const { submit, moment, sql, clients, workers } = platform;
      const ready = scaled(context, 100_000, 2_000);
      await submit(seedsFrom(1, ready));
      const measures = [];
      for (const [what, strike] of strikes) {
        const queued = await stopsWithJobs(platform);
        const before = await count(platform);
        await strike(platform);
        for (const worker of workers) worker.thaw();
        const struck = performance.now();
        await moment(
          `what was queued before ${what} is taken`,
          "select 1 where not exists (select from attempt where state = 'queued' and id = any ($1::uuid[]))",
          90,
          [queued],
        );
        measures.push({
          what: `${what} with ${queued.length} jobs, until all that was queued runs`,
          value: elapsed(struck),
          unit: "s",
          atMost: 60,
        });
        await moment(
          "more is done",
          `select 1 from stage_run where state = 'succeeded' having count(*) >= ${before + Math.min(completions, ready / 10)}`,
          120,
        );
      }
      const lost = await sql("select 1 from attempt where state = 'lost'");
      const active = await sql<{ id: string }>("select id from experiment where state = 'active'");
      for (const { id } of active) await clients[0]?.experiments.cancel(id);
      await moment("what ran has stopped", "select 1 where not exists (select from attempt where ended_at is null)");
      const faults = (await faultsOf(sql)).filter(
        (fault) => !/not finished|without a result|did not succeed once|one point/.test(fault),
      );
      const twice = await sql(
        "select from attempt where state = 'succeeded' group by stage_run_id having count(*) > 1",
      );
      return [
        noFaults(faults),
        { what: "stage runs done twice", value: twice.length, unit: "", atMost: 0 },
        { what: "attempts lost", value: lost.length, unit: "", atMost: 0 },
        { what: "stage runs ready", value: ready, unit: "" },
        ...measures,
      ];
    }),
};

/** Every worker stands still, and there are attempts whose jobs only Redis has: a quick worker leaves none for long. */
const stopsWithJobs = ({ workers, sql }: Platform): Promise<string[]> =>
  until("jobs wait in Redis", 60, async () => {
    for (const worker of workers) worker.freeze();
    const queued = await sql<{ id: string }>(
      "select a.id from attempt a join outbox o on o.attempt_id = a.id where a.state = 'queued' and o.sent_at is not null",
    );
    if (queued.length > 0) return queued.map(({ id }) => id);
    for (const worker of workers) worker.thaw();
    return undefined;
  });

const count = async ({ sql }: Platform): Promise<number> =>
  (await sql<{ done: number }>("select count(*)::int as done from stage_run where state = 'succeeded'"))[0]?.done ?? 0;
