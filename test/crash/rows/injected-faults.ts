import { seedsFrom, withPlatform } from "../platform.ts";
import { type Relay, startRelay } from "../relay.ts";
import { type Context, lots, noFaults, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

const share = 0.02;

export const injectedFaults: Row = {
  name: "injected-faults",
  what: "2 % of the answers of Postgres and Redis lost, with their connections, to coordinator, API and workers alike",
  takes: { seconds: 99, least: 30 },
  run: async (context: Context) => {
    const draw = lots(context);
    const relays: Relay[] = [];
    let faults = 0;
    let begun = false;
    const fails = () => {
      const failed = begun && draw() < share;
      if (failed) faults++;
      return failed;
    };
    const way = async ({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }) => {
      const [postgres, redis] = [await startRelay(databaseUrl, { fails }), await startRelay(redisUrl, { fails })];
      relays.push(postgres, redis);
      return { databaseUrl: postgres.url, redisUrl: redis.url };
    };
    try {
      return await withPlatform({ workers: 8, workMs: "100-500", way }, async ({ submit, allEnded, sql }) => {
        begun = true;
        const began = performance.now();
        const each = 10;
        const runs = scaled(context, 500, 50);
        for (let first = 1; first <= runs; first += each) await insist(() => submit(seedsFrom(first, each)));
        await allEnded(300);
        begun = false;
        const [done] = await sql<{ runs: number }>("select count(*)::int as runs from stage_run");
        return [
          noFaults(await faultsOf(sql)),
          { what: "faults injected", value: faults, unit: "", atLeast: 10 },
          { what: "stage runs", value: done?.runs ?? Number.NaN, unit: "", atLeast: runs },
          { what: "until all was done", value: elapsed(began), unit: "s" },
        ];
      });
    } finally {
      for (const relay of relays) relay.close();
    }
  },
};

/** As a person at a terminal: what was refused is asked again. A spec that came through twice shares its stage runs. */
async function insist(submit: () => Promise<unknown>): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      await submit();
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
