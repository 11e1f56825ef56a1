import { type Deps, type Dispatcher, dispatch, type OutboxJob } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService } from "./service.ts";

/**
 * Gives birth to attempts where slots are free, and hands on the jobs that announce them. The round each second is also what
 * ends a retry's wait: a stage run whose `retryAt` has passed is as ready as any.
 */
export const dispatcher = ({
  deps,
  holder,
  onDispatched,
  log,
}: {
  deps: Deps;
  /** Who brings the jobs to Redis. */
  holder: string;
  onDispatched: (jobs: OutboxJob[]) => void;
  log: Logger;
}): PeriodicService => {
  const own: Dispatcher = { holder, memory: new Map() };
  return periodicService({
    name: "dispatcher",
    everyMs: 1_000,
    spacingMs: 10, // of hundreds of attempts that end in a second those of a moment are one round
    log,
    async work() {
      const dispatched = await dispatch(deps, own);
      for (const { attemptId, kind, pool } of dispatched) log.info({ attemptId, kind, pool }, "dispatched");
      if (dispatched.length > 0) onDispatched(dispatched);
    },
  });
};
