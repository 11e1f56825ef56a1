import { type Priority, priorities } from "@reluctant/contracts";

/** An attempt that holds a slot of a pool, or will: `stopping` gives it back soon. */
export interface Occupant {
  attemptId: string;
  stageRunId: string;
  state: "queued" | "running" | "stopping";
  /** The highest among its stage run's needs. */
  priority: Priority;
  /** Since it was claimed; null for one that is queued. */
  runningSeconds: number | null;
  /** Since an attempt of its stage run last gave its slot back unfinished, or null. */
  preemptedSecondsAgo: number | null;
  /** Of the stage runs that wait, those that its worker could run. */
  couldRun: readonly string[];
}

export interface Contest {
  /** In the order of their turns. */
  waiting: readonly { stageRunId: string; priority: Priority }[];
  occupants: readonly Occupant[];
  freeSlots: number;
}

/** Seconds that an attempt is left alone once it runs: loading and the first checkpoint cost about as much. */
export const undisturbedSeconds = 120;
/** Seconds between two preemptions of one stage run, so that it comes on between them. */
export const preemptionGapSeconds = 600;

const rank = (priority: Priority): number => priorities.indexOf(priority);

/**
 * The attempts that give way to stage runs of a higher class which no slot comes free for: those of the lowest class, of these
 * the latest to start, whose work since the last checkpoint is least. One slot for each that waits; what only lies in the
 * queue goes back at once, since it would take the slot that comes free.
 */
export function choosePreemptions({ waiting, occupants, freeSlots }: Contest): Occupant[] {
  const coming = freeSlots + occupants.filter(({ state }) => state === "stopping").length;
  const wanting = waiting.slice(coming);
  const best = wanting[0];
  if (!best) return [];
  const queued = occupants.filter(({ state, priority }) => state === "queued" && rank(priority) < rank(best.priority));
  const inOrder = occupants
    .filter(mayBePreempted)
    .toSorted(
      (a, b) => rank(a.priority) - rank(b.priority) || (a.runningSeconds as number) - (b.runningSeconds as number),
    );
  const preempted = new Set<Occupant>();
  for (const { stageRunId, priority } of wanting) {
    const gives = inOrder.find(
      (one) => !preempted.has(one) && rank(one.priority) < rank(priority) && one.couldRun.includes(stageRunId),
    );
    if (gives) preempted.add(gives);
  }
  return preempted.size > 0 ? [...queued, ...preempted] : [];
}

const mayBePreempted = ({ state, runningSeconds, preemptedSecondsAgo }: Occupant): boolean =>
  state === "running" &&
  (runningSeconds ?? 0) >= undisturbedSeconds &&
  (preemptedSecondsAgo === null || preemptedSecondsAgo >= preemptionGapSeconds);
