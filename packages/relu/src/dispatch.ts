import type { Priority } from "@reluctant/contracts";

/** A stage run waiting for a slot, and what decides its turn. */
export interface Waiting {
  stageRunId: string;
  /** Highest priority among its needs. */
  priority: Priority;
  /** The team that is charged, with its GPU-seconds of late (decayed) and its weight. */
  teamId: string;
  teamGpuSeconds: number;
  teamWeight: number;
  /** It has used up its quota: those who have not come first, of whatever class. */
  teamOverQuota: boolean;
  /** Milliseconds. */
  createdAt: number;
}

const rank = { high: 0, normal: 1, low: 2 } as const satisfies Record<Priority, number>;

/** Order of dispatch: teams within their quotas, priority class, the team that used least of its share, age; ids break ties. */
export const byTurn = (a: Waiting, b: Waiting): number =>
  Number(a.teamOverQuota) - Number(b.teamOverQuota) ||
  rank[a.priority] - rank[b.priority] ||
  a.teamGpuSeconds / a.teamWeight - b.teamGpuSeconds / b.teamWeight ||
  a.createdAt - b.createdAt ||
  (a.stageRunId < b.stageRunId ? -1 : 1);

/** Half-life of a team's GPU-seconds in the dispatch order. */
export const shareHalfLifeSeconds = 86_400;

/** GPU-seconds of late: what was used before counts half after a day. */
export const decayed = (gpuSeconds: number, elapsedSeconds: number): number =>
  gpuSeconds * 0.5 ** (elapsedSeconds / shareHalfLifeSeconds);

/**
 * Jobs of a queue that may lie in Redis: those that slots will take at once, and two that follow without a pause. Slots whose
 * work is over in moments come free faster than they are seen: as many as came free of late will do so again.
 */
export const queueDepth = (freeSlots: number, freedOfLate = 0): number =>
  freeSlots + freedOfLate > 0 ? freeSlots + freedOfLate + 2 : 0;
