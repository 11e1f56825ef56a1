import { type Deps, expireLeases } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type ExpiryGate, expiryGate } from "./expiry-gate.ts";
import { type Rounds, rounds } from "./service.ts";

/** As long as the lease that `claimAttempt` gives. */
const leaseMs = 15_000;
/** A slower answer counts as an outage: workers cannot renew their leases through it either. */
const answerWithinMs = 4_000;

/** Ends attempts whose worker fell silent. Only Postgres' clock says when a lease is over; the gate says whether to ask. */
export const leaseExpirer = (options: { deps: Deps; onExpired: () => void; log: Logger }): Rounds => {
  const { deps, onExpired, log } = options;
  let gate: ExpiryGate = expiryGate(leaseMs, performance.now());

  const judge = async () => {
    const expired = await expireLeases(deps);
    for (const { attemptId, stageRunId } of expired)
      log.warn({ attemptId, stageRunId }, "a lease expired: the attempt is lost");
    if (expired.length > 0) onExpired();
  };

  const service = rounds({
    name: "lease expirer",
    everyMs: 1_000,
    log,
    async work() {
      const asked = performance.now();
      try {
        await deps.db.prisma.$queryRaw`select 1`;
        if (performance.now() - asked > answerWithinMs) gate.closed(performance.now());
        if (gate.isOpen(performance.now())) await judge();
      } catch (error) {
        gate.closed(performance.now());
        throw error;
      }
    },
  });

  return {
    ...service,
    start() {
      gate = expiryGate(leaseMs, performance.now());
      service.start();
    },
  };
};
