import { type Deps, expireLeases, recordRound } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { maxGapSeconds, mayJudge } from "./expiry-gate.ts";
import { leaderName } from "./leadership.ts";
import { type PeriodicService, periodicService } from "./service.ts";

/** A slower answer counts as an outage: workers cannot renew their leases through it either. */
const answerWithinMs = 4_000;

/** Ends attempts whose worker fell silent. Only Postgres' clock says when a lease is over; the gate says whether to ask. */
export const leaseExpirer = (options: {
  deps: Deps;
  /** Who leads here. */
  holder: string;
  /** How long a worker's beat holds its attempt. */
  leaseSeconds: number;
  onExpired: () => void;
  log: Logger;
}): PeriodicService => {
  const { deps, holder, leaseSeconds, onExpired, log } = options;
  let outage = false;

  const record = (maxGapSeconds: number) => recordRound(deps, { name: leaderName, holder, maxGapSeconds });

  /** Hundreds of leases take longer than rounds may lie apart, and nothing of that time was unseen. */
  const judge = async () => {
    const begun = performance.now();
    const expired = await expireLeases(deps);
    if (expired.length === 0) return;
    for (const { attemptId, stageRunId } of expired)
      log.warn({ attemptId, stageRunId }, "a lease expired: the attempt is lost");
    onExpired();
    await record(maxGapSeconds(leaseSeconds) + (performance.now() - begun) / 1_000);
  };

  return periodicService({
    name: "lease expirer",
    everyMs: 1_000,
    log,
    async work() {
      const asked = performance.now();
      try {
        const answered = await record(outage ? 0 : maxGapSeconds(leaseSeconds));
        outage = performance.now() - asked > answerWithinMs;
        if (!outage && mayJudge(answered, leaseSeconds)) await judge();
      } catch (error) {
        outage = true;
        throw error;
      }
    },
  });
};
