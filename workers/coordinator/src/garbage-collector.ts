import { collectGarbage, type Deps } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Deletes artifacts that nothing refers to and outbox rows that are long sent. */
export const garbageCollector = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({
    name: "garbage collector",
    everyMs: 3_600_000,
    log,
    async work() {
      log.info(await collectGarbage(deps), "garbage is collected");
    },
  });
