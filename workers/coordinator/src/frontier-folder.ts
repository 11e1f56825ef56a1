import { type Deps, foldFrontier } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Has frontiers ask for the few points that may be on them alone. */
export const frontierFolder = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({
    name: "frontier folder",
    everyMs: 2_000,
    log,
    async work() {
      await foldFrontier(deps);
    },
  });
