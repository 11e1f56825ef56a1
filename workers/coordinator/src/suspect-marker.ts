import { type Deps, markSuspectPoints } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Marks points that may be wrong: at the start, and then what workers of an earlier version still finish. */
export const suspectMarker = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({
    name: "suspect marker",
    everyMs: 3_600_000,
    log,
    async work() {
      const { points } = await markSuspectPoints(deps);
      if (points > 0)
        log.warn({ points }, "points are marked: their networks may have been damaged while they trained");
    },
  });
