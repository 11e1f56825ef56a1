import { setTimeout as pause } from "node:timers/promises";
import { seedsFrom, withPlatform } from "../platform.ts";
import { type Context, lots, type Measure, noFaults, type Row, scaled } from "../row.ts";
import { elapsed } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

const rounds = 3;

export const postgresRestarts: Row = {
  name: "postgres-restarts",
  what: "Postgres stopped every 5 to 10 s for 0 to 2 s, every other time by kill -9, 5,000 stage runs, three times",
  takes: { seconds: 425, least: 60 },
  run: (context: Context) =>
    withPlatform({ workers: 8, workMs: "0-40" }, async ({ stack, submit, allEnded, sql }) => {
      const draw = lots(context);
      const postgres = stack.part("postgres");
      const measures: Measure[] = [];
      const count = scaled(context, 5_000, 100);
      let stops = 0;
      for (let round = 0; round < (context.scale < 1 ? 1 : rounds); round++) {
        await submit(seedsFrom(1 + round * count, count));
        const begun = performance.now();
        let over = false;
        const done = allEnded(600).finally(() => (over = true));
        do {
          await Promise.race([done, pause(1_000 * (context.scale < 1 ? 1 + draw() : 5 + 5 * draw()))]);
          if (stops % 2 === 0) await postgres.stop();
          else await postgres.kill("SIGKILL");
          await pause(2_000 * draw());
          await postgres.start();
          stops++;
        } while (!over);
        await done;
        measures.push({ what: `round ${round + 1}, until all was done`, value: elapsed(begun), unit: "s" });
      }
      const ended = await sql<{ lost: number }>("select count(*)::int as lost from attempt where state = 'lost'");
      return [
        noFaults(await faultsOf(sql)),
        { what: "stops", value: stops, unit: "", atLeast: 1 },
        { what: "attempts lost", value: ended[0]?.lost ?? Number.NaN, unit: "" },
        ...measures,
      ];
    }),
};
