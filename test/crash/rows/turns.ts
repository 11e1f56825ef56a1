import { setTimeout as pause } from "node:timers/promises";
import type { Part } from "@reluctant/local";
import type { Client } from "@reluctant/sdk";
import { specOf } from "../../no-op.ts";
import { type Platform, seedsFrom, withPlatform } from "../platform.ts";
import { readEvents } from "../read-events.ts";
import { type Context, type Measure, noFaults, type Row, scaled } from "../row.ts";
import { elapsed, strikeFor } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

export const turns: Row = {
  name: "turns",
  what: "of two coordinators and two APIs one killed in turn every 3 s for 2 min, under load, with readers of events",
  takes: { seconds: 138, least: 80 },
  run: (context: Context) =>
    withPlatform({ workers: 8, workMs: "200-1500", pairs: 2 }, async (platform) => {
      const { clients, coordinators, apis, workers, submit, sql, allEnded, moment } = platform;
      const seconds = scaled(context, 120, 36);
      const readers = clients.map(readEvents);
      await submit(seedsFrom(1, 8));
      await moment("there is work", "select 1 from attempt where state = 'running'");
      const inTurn = [coordinators[0], apis[0], coordinators[1], apis[1]] as Part[];
      const starting = new Map<Part, Promise<void>>();
      let over = false;
      const load = submitting(platform, () => over);
      const losing = loseWorker(platform, workers[0] as Part);
      losing.catch(() => {}); // told where it is awaited
      const kills = await strikeFor(seconds, 3, async (number) => {
        const part = inTurn[number % inTurn.length] as Part;
        await starting.get(part); // what has never been there cannot be struck
        await part.kill("SIGKILL");
        starting.set(part, pause(500).then(part.start));
      });
      over = true;
      const [reclaimed] = await Promise.all([losing, load]);
      await Promise.all(starting.values());
      await allEnded(180);
      const leads = [await leadsAfter(platform, "SIGKILL", 5), await leadsAfter(platform, "SIGTERM", 2)];
      const faults = await faultsOf(sql);
      for (const reader of readers) faults.push(...(await reader.faults(sql)));
      return [
        noFaults(faults),
        { what: "kills", value: kills, unit: "", atLeast: 8 },
        { what: "a worker killed meanwhile, until its stage run ran again", value: reclaimed, unit: "s", atMost: 30 },
        ...leads,
      ];
    }),
};

/** Twenty stage runs a second, by whichever API answers. */
async function submitting({ clients }: Platform, isOver: () => boolean): Promise<void> {
  for (let number = 0; !isOver(); number++) {
    await (clients[number % clients.length] as Client).experiments
      .submit(specOf(seedsFrom(1_000 + number * 5, 5)))
      .catch(() => {}); // neither is there: the load goes on when one is
    await pause(1_000);
  }
}

/** Seconds from a worker's end, which nobody starts again, until the stage run that it ran runs again. */
async function loseWorker({ moment, sql }: Platform, worker: Part): Promise<number> {
  await pause(6_000); // among the first strikes
  for (;;) {
    const { id } = await moment<{ id: string }>(
      "it has begun something",
      `select a.id from attempt a join worker w on w.id = a.worker_id
       where w.name = '${worker.name}' and a.state = 'running' and a.started_at > now() - interval '0.1 s'`,
    );
    await worker.kill("SIGKILL");
    const killed = performance.now();
    const [attempt] = await sql<{ state: string }>("select state from attempt where id = $1", [id]);
    if (attempt?.state !== "running") {
      await worker.start(); // it was faster
      continue;
    }
    await moment(
      "it runs again",
      `select 1 from attempt a join attempt before using (stage_run_id)
       where before.id = $1 and a.number > before.number and a.started_at is not null`,
      120,
      [id],
    );
    return elapsed(killed);
  }
}

/** Seconds until another coordinator leads after the one that does has ended so. */
async function leadsAfter(
  { coordinators, sql, moment }: Platform,
  signal: NodeJS.Signals,
  atMost: number,
): Promise<Measure> {
  const holderOf = async () =>
    (await sql<{ holder: string }>("select holder from leader where expires_at > now()"))[0]?.holder;
  const before = await holderOf();
  for (const part of coordinators) {
    const ended = performance.now();
    await part.kill(signal);
    const now = await moment<{ holder: string }>(
      "somebody leads",
      "select holder from leader where expires_at > now() and last_round_at > to_timestamp($1::float8 / 1000)",
      20,
      [Date.now()],
    );
    const took = elapsed(ended);
    await part.restart();
    if (now.holder !== before) return { what: `another leads after ${signal}`, value: took, unit: "s", atMost };
  }
  throw new Error("neither coordinator led");
}
