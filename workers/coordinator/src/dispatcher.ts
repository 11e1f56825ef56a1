import { type Deps, dispatch } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/**
 * Gives birth to attempts where slots are free. The round each second is also what ends a retry's wait: a stage run
 * whose `retryAt` has passed is as ready as any.
 */
export const dispatcher = ({
  deps,
  onDispatched,
  log,
}: {
  deps: Deps;
  onDispatched: () => void;
  log: Logger;
}): PeriodicService =>
  periodicService({
    name: "dispatcher",
    everyMs: 1_000,
    log,
    async work() {
      const dispatched = await dispatch(deps);
      for (const { attemptId, kind, pool } of dispatched) log.info({ attemptId, kind, pool }, "dispatched");
      if (dispatched.length > 0) onDispatched();
    },
  });
