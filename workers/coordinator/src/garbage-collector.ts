import { collectGarbage, type Deps } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Deletes artifacts that nothing refers to, outbox rows that are long sent, and history older than `historyDays`. */
export const garbageCollector = ({
  deps,
  historyDays,
  log,
}: {
  deps: Deps;
  historyDays: number | null;
  log: Logger;
}): PeriodicService =>
  periodicService({
    name: "garbage collector",
    everyMs: 3_600_000,
    log,
    async work() {
      log.info(await collectGarbage(deps, { historyDays }), "garbage is collected");
    },
  });
