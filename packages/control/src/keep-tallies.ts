import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** Stage runs that ended or began since a tally: to add so many takes a reader some ms. */
const many = 200;

/**
 * Brings the tallies of large experiments up to now where many stage runs followed, and counts those anew that do not hold. What is
 * read by them is exact before and after: it may happen at any moment, and twice.
 */
export async function keepTallies({ db }: Pick<Deps, "db">): Promise<void> {
  for (const { experimentId, snapshot, holds } of await db.many(sql.dueTallies, { many }))
    await db.run(holds ? sql.foldTally : sql.countTally, { experimentId, snapshot });
}
