import type { FoundPoint } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";

/** Who sees more than one writes more digits. */
const most = 10;

/** Frontier points whose ids begin so, of those that the caller's team may see. */
export async function findPoints(
  { db }: Pick<Deps, "db">,
  { identity: { teamId }, begins }: { identity: Caller; begins: string },
): Promise<FoundPoint[]> {
  const rows = await db.many(sql.pointsThatBegin, { ...between(begins), teamId, limit: most });
  return rows.map(({ stageKey: _, variant: __, ...point }) => point);
}

/** The first and the last id that begin so. */
const between = (begins: string): { first: string; last: string } => ({
  first: begins + "00000000-0000-0000-0000-000000000000".slice(begins.length),
  last: begins + "ffffffff-ffff-ffff-ffff-ffffffffffff".slice(begins.length),
});
