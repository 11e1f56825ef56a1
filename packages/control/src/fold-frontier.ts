import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** Points that one statement adds: what an upgrade finds comes in transactions of a fraction of a second, and no reader waits. */
const mostAtOnce = 1_000;

/**
 * Adds new points to the means of their seeds, and marks those that are on no frontier. Frontiers are read of both, so it may
 * happen at any moment. Answers how many were new.
 */
export async function foldFrontier({ db }: Pick<Deps, "db">): Promise<number> {
  let added = 0;
  for (;;) {
    const { points } = await db.one(sql.foldFrontier, { most: mostAtOnce });
    added += points;
    if (points < mostAtOnce) return added;
  }
}
