import { seedsFrom, withPlatform } from "../platform.ts";
import { type Context, lots, noFaults, type Row, scaled } from "../row.ts";
import { elapsed, strikeFor } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

export const workerStorm: Row = {
  name: "worker-storm",
  what: "one to three of 8 workers killed every 2 s for 2 min, 300 short stage runs",
  takes: { seconds: 126, least: 30 },
  run: (context: Context) =>
    withPlatform({ workers: 8, workMs: "500-2000" }, async ({ workers, submit, allEnded, sql }) => {
      const draw = lots(context);
      await submit(seedsFrom(1, scaled(context, 300, 20)));
      const begun = performance.now();
      let killed = 0;
      await strikeFor(scaled(context, 120, 6), 2, async () => {
        const victims = [...workers].sort(() => draw() - 0.5).slice(0, 1 + Math.floor(3 * draw()));
        killed += victims.length;
        await Promise.all(
          victims.map(async (victim) => {
            await victim.kill("SIGKILL");
            await victim.start();
          }),
        );
      });
      await allEnded(240);
      return [
        noFaults(await faultsOf(sql)),
        { what: "workers killed", value: killed, unit: "", atLeast: 3 },
        { what: "until all was done", value: elapsed(begun), unit: "s" },
      ];
    }),
};
