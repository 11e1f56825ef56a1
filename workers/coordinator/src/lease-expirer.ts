import { type Deps, expireLeases, maxGapSeconds, mayJudge, recordRound } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { leaderName } from "./leadership.ts";
import { type PeriodicService, periodicService } from "./service.ts";

/** A slower answer counts as an outage, unless it was we who were late: workers cannot renew their leases through it either. */
export const isSlow = (tookMs: number, lateMs: number): boolean => tookMs - lateMs > 4_000;

/** Ends attempts whose worker fell silent. Only Postgres' clock says when a lease is over; the gate says whether to ask. */
export const leaseExpirer = (options: {
  deps: Deps;
  /** Who leads here. */
  holder: string;
  onExpired: () => void;
  /** For how long this process had no processor, at worst, since it was asked last. */
  lateMs: () => number;
  log: Logger;
}): PeriodicService => {
  const { deps, holder, onExpired, lateMs, log } = options;
  const leader = { name: leaderName, holder };
  let slow = false;

  /** Hundreds of leases take longer than answers may lie apart, and nothing of that time was unseen. */
  const judge = async () => {
    const begun = performance.now();
    const expired = await expireLeases(deps);
    if (expired.length === 0) return;
    for (const { attemptId, stageRunId } of expired)
      log.warn({ attemptId, stageRunId }, "a lease expired: the attempt is lost");
    onExpired();
    await recordRound(deps, { ...leader, gapSeconds: maxGapSeconds + (performance.now() - begun) / 1_000 });
  };

  return periodicService({
    name: "lease expirer",
    everyMs: 1_000,
    log,
    async work() {
      lateMs();
      const asked = performance.now();
      const answered = await recordRound(deps, slow ? { ...leader, gapSeconds: 0 } : leader);
      slow = isSlow(performance.now() - asked, lateMs());
      if (!slow && mayJudge(answered)) await judge();
    },
  });
};
