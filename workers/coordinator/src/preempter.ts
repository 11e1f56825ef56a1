import { type Deps, preempt } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/** Frees slots for what is urgent. */
export const preempter = ({ deps, log }: { deps: Deps; log: Logger }): PeriodicService =>
  periodicService({
    name: "preempter",
    everyMs: 5_000,
    log,
    async work() {
      const asked = await preempt(deps);
      if (asked.length > 0) log.info({ attempts: asked.map(({ attemptId }) => attemptId) }, "attempts give way");
    },
  });
