import { setTimeout as pause } from "node:timers/promises";
import { withPlatform } from "../platform.ts";
import { type Relay, startRelay } from "../relay.ts";
import { type Context, lots, noFaults, type Row, scaled } from "../row.ts";
import { faultsOf } from "../verifier.ts";

const failures = 25;

export const statusFailures: Row = {
  name: "status-failures",
  what: "a worker's connections to Postgres and Redis reset 25 times during one run",
  takes: { seconds: 64, least: 25 },
  run: async (context: Context) => {
    const draw = lots(context);
    const relays: Relay[] = [];
    const way = async (urls: { databaseUrl: string; redisUrl: string }, who: string) => {
      if (!who.startsWith("worker")) return urls;
      const [postgres, redis] = [await startRelay(urls.databaseUrl), await startRelay(urls.redisUrl)];
      relays.push(postgres, redis);
      return { databaseUrl: postgres.url, redisUrl: redis.url };
    };
    const seconds = scaled(context, 60, 10);
    const workMs = `${seconds * 1_000}-${seconds * 1_000}`;
    try {
      return await withPlatform({ workers: 2, workMs, way }, async ({ submit, allEnded, moment, sql }) => {
        await submit([1]);
        await moment("it runs", "select 1 from attempt where state = 'running'");
        for (let failure = 0; failure < failures; failure++) {
          await pause(((seconds * 1_000) / failures) * 1.6 * draw());
          for (const relay of relays) relay.cut();
        }
        await allEnded(120);
        const attempts = await sql("select 1 from attempt");
        return [
          noFaults(await faultsOf(sql)),
          { what: "restarts", value: attempts.length - 1, unit: "", atMost: 0 },
          { what: "failures", value: failures, unit: "" },
        ];
      });
    } finally {
      for (const relay of relays) relay.close();
    }
  },
};
