import { priorities } from "@reluctant/contracts";
import { byTurn, type Waiting } from "./dispatch.ts";
import type { Occupant } from "./preemption.ts";

/** The slots of a pool that stage runs of several kinds and classes ask for. */
export interface SharedPool {
  /** Ready stage runs of all kinds. */
  waiting: readonly Waiting[];
  /** Attempts that lie in its queues: the first worker that is free takes any of them. */
  queued: readonly Occupant[];
  /** Slots that nothing holds. */
  free: readonly { couldRun: readonly string[] }[];
  /** How many attempts may lie in its queues. */
  depth: number;
}

export interface Turns {
  /** Stage runs that get an attempt. */
  given: Waiting[];
  /** Attempts that make room for what waits and is of a higher class. */
  takenBack: Occupant[];
}

/** Of teams over their quotas all classes are below those of the others. */
const classOf = (priority: Waiting["priority"], overQuota: boolean): number =>
  priorities.indexOf(priority) - (overQuota ? priorities.length : 0);

/**
 * Whose turn it is among the kinds of a pool. Its queues know no classes: a slot that comes free takes whatever lies in any of
 * them. So beyond what free slots take at once only one class lies there, the highest that waits.
 */
export function turnsAcrossKinds({ waiting, queued, free, depth }: SharedPool): Turns {
  const left = [...free];
  const takes = (stageRunId: string): boolean => {
    const at = left.findIndex(({ couldRun }) => couldRun.includes(stageRunId));
    if (at !== -1) left.splice(at, 1);
    return at !== -1;
  };
  const ahead = waiting
    .toSorted(byTurn)
    .map((turn) => ({ turn, of: classOf(turn.priority, turn.teamOverQuota), attempt: null }));
  const there = queued.map((attempt) => ({ attempt, of: classOf(attempt.priority, attempt.overQuota), turn: null }));
  const wanting = [...there, ...ahead].sort((a, b) => b.of - a.of); // stable: of a class what is queued comes first
  const served = new Set(wanting.filter(({ turn, attempt }) => takes((turn ?? attempt).stageRunId)));
  const highest = ahead.find((one) => !served.has(one))?.of ?? Number.NEGATIVE_INFINITY;
  const takenBack = there.filter((one) => !served.has(one) && one.of < highest);
  const lying = wanting.filter((one) => served.has(one) || (one.attempt && !takenBack.includes(one)));
  const oneClass = lying.every(({ of }) => of === highest);
  const following = oneClass
    ? ahead.filter((one) => !served.has(one) && one.of === highest).slice(0, Math.max(0, depth - lying.length))
    : [];
  return {
    given: [...ahead.filter((one) => served.has(one)), ...following].map(({ turn }) => turn),
    takenBack: takenBack.map(({ attempt }) => attempt),
  };
}
