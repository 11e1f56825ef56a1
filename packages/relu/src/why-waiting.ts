import type { Waiting } from "@reluctant/contracts";

/** What keeps a stage run from its slot, as Postgres tells it. */
export interface WaitingFacts {
  state: "blocked" | "ready" | "active";
  /** Kinds of the inputs that have not succeeded, with their states. */
  inputs: readonly { kind: string; state: string }[];
  /** Whether any trial that may go on needs it: otherwise all that do are paused. */
  dispatchable: boolean;
  /** One of them is paused by itself, and not with its experiment. */
  pausedAlone: boolean;
  /** Whose quota is used up, and hard, where that holds for every team that needs it. */
  teamOverQuota: string | null;
  /** Seconds until it may be tried again after a failure, or null. */
  retryInSeconds: number | null;
  /** Why no living worker could take it, or null. */
  unservable: string | null;
  pool: string;
  /** Of its pool's workers that take work. */
  slots: number;
  freeSlots: number;
  /** Stage runs of its queue whose turn is before its own; null where they are too many to count. */
  ahead: number | null;
}

const slotsOf = ({ slots, freeSlots, pool }: WaitingFacts): string =>
  `${slots === 1 ? "the one slot" : `${slots} slots`} of pool ${pool}, ${freeSlots} free`;

/** Why a stage run has no slot yet: of several reasons the one that must end first. */
export function whyWaiting(facts: WaitingFacts): NonNullable<Waiting["waiting"]> {
  const {
    state,
    inputs,
    dispatchable,
    pausedAlone,
    retryInSeconds,
    teamOverQuota,
    unservable,
    ahead,
    freeSlots,
    pool,
  } = facts;
  if (!dispatchable)
    return { code: "paused", message: `every ${pausedAlone ? "trial" : "experiment"} that needs it is paused` };
  if (state === "blocked") {
    const waitedFor = inputs.map(({ kind, state }) => `${kind} (${state})`).join(", ");
    return { code: "inputs", message: `it waits for the result of ${waitedFor}` };
  }
  if (state === "active") return { code: "queued", message: `it has its turn: a worker of pool ${pool} takes it next` };
  if (unservable !== null) return { code: "no-worker", message: unservable };
  if (teamOverQuota !== null)
    return {
      code: "quota",
      message: `team ${teamOverQuota} has used its quota, which is hard: what it used counts half after a day`,
    };
  if (retryInSeconds !== null && retryInSeconds > 0)
    return { code: "retry", message: `it failed, and is tried again in ${Math.ceil(retryInSeconds)} s` };
  if (ahead === 0 && freeSlots > 0) return { code: "next", message: "a slot is free: it is its turn now" };
  const others = ahead === null ? "many others" : ahead === 1 ? "1 other" : `${ahead} others`;
  if (ahead === 0) return { code: "next", message: `it is the next to get ${slotsOf(facts)}` };
  return { code: "queue", message: `${others} of its kind get their turn before it: ${slotsOf(facts)}` };
}
