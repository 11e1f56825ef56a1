import { type Priority, priorities } from "@reluctant/contracts";

/** An attempt that holds a slot of a pool, or will: `stopping` gives it back soon. */
export interface Occupant {
  attemptId: string;
  stageRunId: string;
  state: "queued" | "running" | "stopping";
  /** The highest among its stage run's needs. */
  priority: Priority;
  /** The team that is charged has used up its quota: it is not urgent, whatever its class. */
  overQuota: boolean;
  /** Since it was claimed; null for one that is queued. */
  runningSeconds: number | null;
  /** Since an attempt of its stage run last gave its slot back unfinished, or null. */
  preemptedSecondsAgo: number | null;
  /** Of the stage runs that wait, those that its worker could run; none where it has no worker yet. */
  couldRun: readonly string[];
}

export interface Contest {
  /** Ready stage runs above the lowest class, in the order of their turns. */
  waiting: readonly { stageRunId: string; priority: Priority }[];
  occupants: readonly Occupant[];
  /** Slots that nothing holds. */
  free: readonly { couldRun: readonly string[] }[];
}

/** Seconds that an attempt is left alone once it runs: loading and the first checkpoint cost about as much. */
export const undisturbedSeconds = 120;
/** Seconds between two preemptions of one stage run, so that it comes on between them. */
export const preemptionGapSeconds = 600;

const rank = (priority: Priority): number => priorities.indexOf(priority);

/**
 * The attempts that give way to stage runs of a higher class which no slot comes free for: those of the lowest class, of these
 * the latest to start, whose work since the last checkpoint is least. One slot for each that waits, in a queue or for its turn;
 * what lies in the queue below it goes back at once, since it would take the slot that comes free.
 */
export function choosePreemptions({ waiting, occupants, free }: Contest): Occupant[] {
  const queued = occupants.filter(({ state }) => state === "queued");
  const wanting = [...queued.filter(({ priority, overQuota }) => priority !== "low" && !overQuota), ...waiting];
  wanting.sort((a, b) => rank(b.priority) - rank(a.priority));
  const coming = [...free, ...occupants.filter(({ state }) => state === "stopping")];
  const unserved = wanting.filter(({ stageRunId }) => !take(coming, ({ couldRun }) => couldRun.includes(stageRunId)));
  const running = occupants
    .filter(mayBePreempted)
    .toSorted(
      (a, b) => rank(a.priority) - rank(b.priority) || (a.runningSeconds as number) - (b.runningSeconds as number),
    );
  const preempted = unserved.flatMap(
    ({ stageRunId, priority }) =>
      take(running, (one) => rank(one.priority) < rank(priority) && one.couldRun.includes(stageRunId)) ?? [],
  );
  const highest = unserved[0]?.priority;
  if (preempted.length === 0 || highest === undefined) return [];
  return [...queued.filter(({ priority }) => rank(priority) < rank(highest)), ...preempted];
}

/** Takes the first that fits out of a list. */
function take<T>(list: T[], fits: (one: T) => boolean): T | undefined {
  const at = list.findIndex(fits);
  return at === -1 ? undefined : list.splice(at, 1)[0];
}

const mayBePreempted = ({ state, runningSeconds, preemptedSecondsAgo }: Occupant): boolean =>
  state === "running" &&
  (runningSeconds ?? 0) >= undisturbedSeconds &&
  (preemptedSecondsAgo === null || preemptedSecondsAgo >= preemptionGapSeconds);
