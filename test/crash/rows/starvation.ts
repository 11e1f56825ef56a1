import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { type Platform, seedsFrom, withPlatform } from "../platform.ts";
import { type Context, noFaults, type Row, scaled } from "../row.ts";
import { starve } from "../striker.ts";
import { faultsOf } from "../verifier.ts";

export const starvation: Row = {
  name: "starvation",
  what: "Postgres, Redis and the coordinator with a tenth of a processor's time one after the other for 30 s, then together for 2 min",
  takes: { seconds: 232, least: 45 },
  run: (context: Context) =>
    withPlatform({ workers: 8, workMs: "4000-12000", pairs: 2 }, async (platform) => {
      const { stack, coordinators, submit, allEnded, sql } = platform;
      const seconds = scaled(context, 120, 12);
      await submit(seedsFrom(1, Math.round(1.75 * seconds)));
      const before = await leader(platform);
      const pidOf = (name: string) => [stack.part(name).pid ?? 0];
      const leaders = () => coordinators.map(({ pid }) => pid ?? 0);
      const postgres = () => postgresProcesses(pidOf("postgres")[0] as number);
      for (const whom of [postgres, () => pidOf("redis"), leaders]) await starve(seconds / 4, whom);
      await starve(seconds, async () => [...(await postgres()), ...pidOf("redis"), ...leaders()]);
      await allEnded(300);
      const lost = await sql("select 1 from attempt where state = 'lost'");
      return [
        noFaults(await faultsOf(sql)),
        { what: "healthy attempts lost", value: lost.length, unit: "", atMost: 0 },
        { what: "leaders unseated", value: Number((await leader(platform)) !== before), unit: "", atMost: 0 },
      ];
    }),
};

const leader = async ({ moment }: Platform): Promise<string> =>
  (await moment<{ holder: string }>("somebody leads", "select holder from leader where expires_at > now()")).holder;

/** The server and its children: those whose working folder is its own. */
async function postgresProcesses(server: number): Promise<number[]> {
  const folder = await realpath(`/proc/${server}/cwd`);
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(join("/proc", name, "cwd")).catch(() => "");
    if (cwd === folder && (await readFile(`/proc/${name}/comm`, "utf8").catch(() => "")) === "postgres\n")
      found.push(Number(name));
  }
  return found;
}
