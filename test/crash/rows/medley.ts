import type { Part } from "@reluctant/local";
import { seedsFrom, withPlatform } from "../platform.ts";
import { readEvents } from "../read-events.ts";
import { type Context, lots, noFaults, type Row, scaled } from "../row.ts";
import { elapsed, strikeFor } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

export const medley: Row = {
  name: "medley",
  what: "workers, coordinators, APIs, Redis and Postgres struck in turn, a strike every 1.5 s, while stage runs complete",
  takes: { seconds: 131, least: 40 },
  run: (context: Context) =>
    withPlatform({ workers: 4, slots: 2, workMs: "200-900", pairs: 2 }, async (platform) => {
      const { stack, clients, coordinators, apis, workers, submit, allEnded, sql } = platform;
      const draw = lots(context);
      const one = (parts: Part[]) => parts[Math.floor(draw() * parts.length)] as Part;
      const killed = async (part: Part) => {
        await part.kill("SIGKILL");
        await part.start();
      };
      const strikes = [
        () => killed(one(workers)),
        () => killed(one(coordinators)),
        () => killed(one(apis)),
        () => stack.redis?.flush(),
        () => killed(stack.part("postgres")),
        () => killed(stack.part("redis")),
      ];
      const readers = clients.map(readEvents);
      const seconds = scaled(context, 120, 9);
      await submit(seedsFrom(1, Math.round(8 * seconds)));
      const begun = performance.now();
      const struck = await strikeFor(seconds, 1.5, (number) => strikes[(number - 1) % strikes.length]?.());
      await allEnded(180);
      const took = elapsed(begun);
      const faults = await faultsOf(sql);
      for (const reader of readers) faults.push(...(await reader.faults(sql)));
      return [
        noFaults(faults),
        { what: "strikes", value: struck, unit: "", atLeast: 5 },
        { what: "until all was done", value: took, unit: "s" },
      ];
    }),
};
