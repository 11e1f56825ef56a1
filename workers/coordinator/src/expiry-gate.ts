/**
 * When leases may be judged. A worker that lives renews its lease of 15 s every 3 s, so one that ran out means a lost worker,
 * unless no beat could reach Postgres. A leader sees of that only its own rounds, one a second: where each was answered,
 * beats were, too. So leases are judged once rounds have been answered, one after the other, for one full lease: by then every
 * living worker has had the time to renew its own.
 *
 * The rounds need not be one leader's. Postgres records the last one (`leader.last_round_at`) and since when they follow each
 * other, so a leader that starts goes on where the one before stopped, if that was moments ago. What happened between the
 * last round and its first nobody saw: at worst Postgres was away for all of it. That costs no living worker its lease while
 * the gap is short. At the last round it had beaten within 3 s (and 4 s more for a slow answer), so 8 to 12 s of its lease
 * were left; after the gap it beats again within 0.5 s. After a gap of more than half a lease (a coordinator that was away
 * for longer, a machine that slept), and after a round that failed or was slow, the full lease is waited for anew.
 */
export const maxGapSeconds = (leaseSeconds: number): number => leaseSeconds / 2;

/** @param answeredSeconds for how long rounds have been answered, one after the other; null: another leads */
export const mayJudge = (answeredSeconds: number | null, leaseSeconds: number): boolean =>
  answeredSeconds !== null && answeredSeconds >= leaseSeconds;
