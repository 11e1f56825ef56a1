import { sql } from "@reluctant/db";
import { leastSoundWidths } from "@reluctant/relu";
import type { Deps } from "./deps.ts";

/** Marks points that a fault since mended may have damaged. Safe to run at any moment, and twice. */
export async function markSuspectPoints({ db }: Pick<Deps, "db">): Promise<{ points: number }> {
  const sound = leastSoundWidths();
  const marked = await db.many(sql.markSuspectPoints, {
    models: sound.map(({ model }) => model),
    byOneThread: sound.map(({ byOneThread }) => byOneThread),
    byMore: sound.map(({ byMore }) => byMore),
  });
  return { points: marked.length };
}
