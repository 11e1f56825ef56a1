import { sql } from "@reluctant/db";
import type { Deps } from "./deps.ts";

/** Takes or renews the lease `name` by Postgres' clock. False while another holds it. */
export async function electLeader(
  { db }: Deps,
  { name, holder, leaseSeconds }: { name: string; holder: string; leaseSeconds: number },
): Promise<boolean> {
  return (await db.maybe(sql.electLeader, { name, holder, leaseSeconds })) !== null;
}

/** Gives the lease back on the way out, so that the next one need not wait for its end. */
export async function resignLeader({ db }: Deps, { name, holder }: { name: string; holder: string }): Promise<void> {
  await db.run(sql.resignLeader, { name, holder });
}

/**
 * Records that the leader made a round. Answers for how many seconds Postgres has answered rounds that lie at most
 * `maxGapSeconds` apart, whoever made them; null when another leads.
 */
export async function recordRound(
  { db }: Deps,
  { name, holder, maxGapSeconds }: { name: string; holder: string; maxGapSeconds: number },
): Promise<number | null> {
  const round = await db.maybe(sql.recordRound, { name, holder, maxGapSeconds });
  return round?.answeredSeconds ?? null;
}
