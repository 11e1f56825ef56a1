import { claimOutbox, type Deps, markSent, type OutboxJob } from "@reluctant/control";
import type { Notifications, Producer } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

const batch = 100;
const everyMs = 1_000;

export interface Relay extends PeriodicService {
  /** Sends what its holder has claimed already: the dispatcher's new attempts. */
  send(jobs: readonly OutboxJob[]): void;
}

/**
 * Moves committed outbox rows into BullMQ: claim and commit, add, mark as sent; no transaction is open while Redis is
 * asked. A crash in between leaves a claimed row, which is claimed again later: adding a job twice adds it once.
 */
export const relay = (options: {
  deps: Deps;
  producer: Producer;
  notifications: Notifications;
  holder: string;
  log: Logger;
}): Relay => {
  const { deps, producer, notifications, holder, log } = options;

  const unsent: OutboxJob[] = []; // claimed, and Redis may be away
  const sendBatch = async (): Promise<boolean> => {
    const jobs = unsent.slice(0, batch);
    if (jobs.length === 0) return false;
    await producer.add(jobs.map(({ outboxId, ...job }) => job));
    notifications.publish("jobs");
    unsent.splice(0, jobs.length);
    await markSent(deps, { outboxIds: jobs.map(({ outboxId }) => outboxId) });
    return true;
  };

  let looksAgainAt = 0;
  const claimOthers = async (): Promise<void> => {
    if (performance.now() < looksAgainAt) return;
    const claimed = await claimOutbox(deps, { limit: batch, holder });
    unsent.push(...claimed);
    if (claimed.length < batch) looksAgainAt = performance.now() + everyMs;
  };

  const service = periodicService({
    name: "relay",
    everyMs,
    log,
    async work() {
      do {
        while (await sendBatch());
        await claimOthers();
      } while (unsent.length > 0);
    },
  });
  return {
    ...service,
    send(jobs) {
      unsent.push(...jobs);
      service.notify();
    },
  };
};
