import { type Deps, expireLeases } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type ExpiryGate, expiryGate } from "./expiry-gate.ts";
import { type Rounds, rounds } from "./service.ts";

/** A slower answer counts as an outage: workers cannot renew their leases through it either. */
const answerWithinMs = 4_000;

/** Ends attempts whose worker fell silent. Only Postgres' clock says when a lease is over; the gate says whether to ask. */
export const leaseExpirer = (options: {
  deps: Deps;
  /** How long a worker's beat holds its attempt. */
  leaseMs: number;
  onExpired: () => void;
  log: Logger;
}): Rounds => {
  const { deps, leaseMs, onExpired, log } = options;
  let gate: ExpiryGate = expiryGate(leaseMs, performance.now());

  const judge = async () => {
    const expired = await expireLeases(deps);
    for (const { attemptId, stageRunId } of expired)
      log.warn({ attemptId, stageRunId }, "a lease expired: the attempt is lost");
    if (expired.length > 0) onExpired();
  };

  return rounds({
    name: "lease expirer",
    everyMs: 1_000,
    log,
    onStart() {
      gate = expiryGate(leaseMs, performance.now());
    },
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
};
