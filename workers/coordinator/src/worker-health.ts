import { type Deps, drainBrokenWorkers } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Drains workers that break what they are given. */
export const workerHealth = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({
    name: "worker health",
    everyMs: 10_000,
    log,
    async work() {
      for (const { name, reason } of await drainBrokenWorkers(deps))
        log.warn(
          { worker: name, reason },
          "a worker is drained: it gets no more work until it is undrained or restarted",
        );
    },
  });
