import { setTimeout as pause } from "node:timers/promises";
import { type Platform, seedsFrom, withPlatform } from "../platform.ts";
import { type Relay, startRelay } from "../relay.ts";
import { type Context, type Measure, noFaults, type Row } from "../row.ts";
import { faultsOf } from "../verifier.ts";

const workers = 3;

/**
 * The relays stand for the network between hosts: each worker, and the coordinator with the API, has its own. A partition holds
 * back every byte both ways, of Postgres and of Redis, and tells nobody.
 */
export const partitions: Row = {
  name: "partitions",
  what: "a worker without network for 8 s and for 60 s, then Postgres away from everyone for 30 s",
  takes: { seconds: 173, least: 173 },
  run: async (_: Context) => {
    const ways = new Map<string, Relay[]>();
    const way = async ({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }, who: string) => {
      const relays = [await startRelay(databaseUrl), await startRelay(redisUrl)] as const;
      ways.set(who, [...relays]);
      return { databaseUrl: relays[0].url, redisUrl: relays[1].url };
    };
    try {
      return await withPlatform({ workers: workers + 1, workMs: "100000-130000", way }, async (platform) => {
        const { sql, submit, allEnded, moment } = platform;
        await submit(seedsFrom(1, workers));
        await moment("all run", `select 1 from attempt where state = 'running' having count(*) = ${workers}`);
        const [victim] = await sql<{ name: string; id: string }>(
          "select w.name, a.id from attempt a join worker w on w.id = a.worker_id where a.state = 'running' order by a.started_at limit 1",
        );
        if (!victim) throw new Error("nothing runs");
        const cutOff = async (relays: Relay[], seconds: number) => {
          for (const relay of relays) relay.silence();
          await pause(seconds * 1_000);
          for (const relay of relays) relay.open();
        };
        const measures: Measure[] = [];
        await cutOff(ways.get(victim.name) ?? [], 8);
        measures.push({ what: "after 8 s, attempts lost", value: await lost(platform), unit: "", atMost: 0 });
        await beatsAgain(platform);
        await cutOff(
          [...ways.values()].flatMap(([postgres]) => postgres ?? []),
          30,
        );
        await beatsAgain(platform);
        measures.push({ what: "after 30 s of all, attempts lost", value: await lost(platform), unit: "", atMost: 0 });
        await cutOff(ways.get(victim.name) ?? [], 60);
        measures.push({
          what: "after 60 s, attempts lost",
          value: await lost(platform),
          unit: "",
          atMost: 1,
          atLeast: 1,
        });
        const [state] = await sql<{ state: string }>("select state from attempt where id = $1", [victim.id]);
        measures.push({
          what: "of the one cut off, lost",
          value: Number(state?.state === "lost"),
          unit: "",
          atLeast: 1,
        });
        await allEnded(300);
        return [noFaults(await faultsOf(sql)), ...measures];
      });
    } finally {
      for (const relay of [...ways.values()].flat()) relay.close();
    }
  },
};

const lost = async ({ sql }: Platform): Promise<number> =>
  (await sql("select 1 from attempt where state = 'lost'")).length;

/** As after a gap that all have survived: every lease is renewed. */
const beatsAgain = ({ moment }: Platform) =>
  moment(
    "every lease is renewed",
    "select 1 where not exists (select from attempt where state = 'running' and lease_expires_at < now() + interval '10 s')",
  );
