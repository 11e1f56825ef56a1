import { sql } from "@reluctant/db";
import { leaseSeconds } from "./claim-attempt.ts";
import type { Deps } from "./deps.ts";

/**
 * When leases may be judged. A worker that lives renews its lease of 15 s every 3 s, so one that ran out means a lost worker,
 * unless no beat could reach Postgres. Postgres itself keeps for how long it was there: each second it records that it answered a
 * worker's beat (`beat-worker`) or a leader's round (`recordRound`), and since when such answers follow each other. Leases are
 * judged once they have for one full lease: by then every living worker has had the time to renew its own. Who leads, since
 * when, and whether a coordinator itself was late does not matter.
 *
 * Whether Postgres was there between two answers nobody saw: at worst it was away. That costs no living worker its lease while
 * the gap is short. At the answer before it had beaten within 3 s (and 4 s more for a slow answer), so 8 to 12 s of its lease
 * were left; after the gap it beats again within 0.5 s. After a gap of more than half a lease the full lease is waited for anew.
 */
export const maxGapSeconds = leaseSeconds / 2;

/** @param answeredSeconds for how long Postgres has answered without a gap; null: another leads */
export const mayJudge = (answeredSeconds: number | null): boolean =>
  answeredSeconds !== null && answeredSeconds >= leaseSeconds;

/** Records that the leader made a round. Answers for how many seconds Postgres has answered; null when another leads. */
export async function recordRound(
  { db }: Deps,
  { gapSeconds = maxGapSeconds, ...leader }: { name: string; holder: string; gapSeconds?: number },
): Promise<number | null> {
  const round = await db.maybe(sql.recordRound, { ...leader, maxGapSeconds: gapSeconds });
  return round?.answeredSeconds ?? null;
}
