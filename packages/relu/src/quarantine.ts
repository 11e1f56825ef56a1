/** What Postgres tells of a worker whose attempt just failed by the worker's own fault. */
export interface NodeRecord {
  /** Its attempts that failed so of late and since it last succeeded, newest first. */
  failures: readonly { stageRunId: string; cause: string }[];
  /** Quarantines so far without a success between. */
  quarantines: number;
}

/** Stage runs that must have failed by a worker's fault, within the window and without a success between. */
export const failuresToQuarantine = 3;
/** Seconds in which failures add up. */
export const quarantineWindowSeconds = 1_800;
const firstSeconds = 600;
const mostSeconds = 21_600;

/**
 * The circuit breaker of a worker. Closed, it counts the stage runs that failed by the worker's fault: different ones, so that
 * one that breaks whatever it meets does not take the cluster with it. Open, the worker gets no work for a time. Half open after
 * it, its one slot takes one attempt: a success closes it, a failure of the same kind opens it for twice as long.
 */
export function quarantineOf({ failures, quarantines }: NodeRecord): { seconds: number; reason: string } | null {
  const stageRuns = new Set(failures.map(({ stageRunId }) => stageRunId));
  const wanted = quarantines > 0 ? 1 : failuresToQuarantine;
  if (stageRuns.size < wanted) return null;
  const causes = [...new Set(failures.map(({ cause }) => cause))].join(", ");
  const count = stageRuns.size === 1 ? "1 stage run" : `${stageRuns.size} stage runs`;
  const again = quarantines > 0 ? " again" : "";
  return {
    seconds: Math.min(firstSeconds * 2 ** quarantines, mostSeconds),
    reason: `${count} failed here${again} by its own fault: ${causes}`,
  };
}
