/**
 * Whether leases may be judged: Postgres has answered for one full lease, so every living worker had the time to renew
 * its own. Times in ms of one monotonic clock.
 */
export interface ExpiryGate {
  /** Postgres was out of reach until now. */
  closed(now: number): void;
  isOpen(now: number): boolean;
}

export function expiryGate(leaseMs: number, now: number): ExpiryGate {
  let opensAt = now + leaseMs; // we may have been away as long as Postgres was
  return {
    closed(at) {
      opensAt = at + leaseMs;
    },
    isOpen: (at) => at >= opensAt,
  };
}
