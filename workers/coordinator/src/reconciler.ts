import { type Deps, queuedAttempts } from "@reluctant/control";
import type { Notifications, Producer } from "@reluctant/queue";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Longer than a relay round and a delivery take, so that what is on its way is left alone. */
const olderThanMs = 10_000;

/**
 * Puts back what Redis lost. One rule: an attempt that is still queued while its job is absent, failed or completed gets
 * its job anew. It covers FLUSHALL, lost seconds of the append-only file, and a worker's death between delivery and claim.
 */
export const reconciler = (options: {
  deps: Deps;
  producer: Producer;
  notifications: Notifications;
  log: Logger;
}): PeriodicService => {
  const { deps, producer, notifications, log } = options;
  return periodicService({
    name: "reconciler",
    everyMs: 3_000,
    log,
    async work() {
      for (const { pool, ...job } of await queuedAttempts(deps, { olderThanMs })) {
        if ((await producer.restore(job, pool)) === "kept") continue;
        log.warn({ attemptId: job.attemptId, kind: job.kind, pool }, "a job was missing from its queue and is back");
        notifications.publish("jobs");
      }
    },
  });
};
