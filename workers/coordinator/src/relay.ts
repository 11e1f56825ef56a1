import { claimOutbox, type Deps, markSent, type OutboxJob } from "@reluctant/control";
import type { Notifications, Producer } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

const batch = 100;

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
}): PeriodicService => {
  const { deps, producer, notifications, holder, log } = options;

  const unsent: OutboxJob[] = []; // claimed, but Redis was away
  const send = async (): Promise<number> => {
    if (unsent.length === 0) unsent.push(...(await claimOutbox(deps, { limit: batch, holder })));
    const jobs = [...unsent];
    for (const { outboxId, pool, ...job } of jobs) {
      await producer.add(job, pool);
      await markSent(deps, { outboxIds: [outboxId] });
      unsent.shift();
    }
    if (jobs.length > 0) notifications.publish("jobs");
    return jobs.length;
  };

  return periodicService({
    name: "relay",
    everyMs: 1_000,
    log,
    async work() {
      while ((await send()) === batch);
    },
  });
};
