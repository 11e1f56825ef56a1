import type { AttemptState, ExperimentState, StageRunState, TrialState } from "@reluctant/contracts";

/**
 * The state machines of stage runs, attempts and experiments: which state may follow which, said here and nowhere else. A
 * statement that moves a row takes the states that it may come from out of these tables, or names some of them; a test in
 * `packages/control` runs each on a row in every state.
 */
export const stageRunTransitions = {
  blocked: ["ready", "cancelled"],
  ready: ["active", "cancelled"],
  active: ["ready", "succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<StageRunState, readonly StageRunState[]>;

/** Whatever ends a running attempt before its result asks it to stop first: its slot is taken until it has. */
export const attemptTransitions = {
  queued: ["running", "cancelled", "superseded"],
  running: ["stopping", "succeeded", "failed", "lost"],
  stopping: ["preempted", "cancelled", "succeeded", "failed", "lost"],
  succeeded: [],
  failed: [],
  lost: [],
  preempted: [],
  cancelled: [],
  superseded: [],
} as const satisfies Record<AttemptState, readonly AttemptState[]>;

export const experimentTransitions = {
  active: ["paused", "cancelled", "failed", "finished"],
  paused: ["active", "cancelled"],
  cancelled: ["active"],
  failed: ["active"],
  finished: ["active"],
} as const satisfies Record<ExperimentState, readonly ExperimentState[]>;

/** States in which an attempt occupies its stage run: at most one such attempt a stage run. */
export const liveAttemptStates = ["queued", "running", "stopping"] as const satisfies readonly AttemptState[];

export type EndedAttemptState = Exclude<AttemptState, (typeof liveAttemptStates)[number]>;

/** The states that `state` may follow. */
export const statesBefore = <S extends string>(transitions: Record<S, readonly S[]>, state: S): S[] =>
  (Object.keys(transitions) as S[]).filter((before) => transitions[before].includes(state));

/** What a trial's state is derived from. */
export interface TrialNeed {
  /** Of the stage run. */
  state: StageRunState;
  /** The trial does not wait for it any more. */
  released: boolean;
  /** The trial is paused. */
  paused: boolean;
}

/** A trial's state, from its needs. A stage run that it released may go on for others: to the trial it is cancelled. */
export function trialState(needs: readonly TrialNeed[], experiment: ExperimentState): TrialState {
  const states = needs.map(({ state, released }) => (released && isUnfinished(state) ? "cancelled" : state));
  if (states.includes("failed")) return "failed";
  if (states.every((state) => state === "succeeded")) return "succeeded";
  if (experiment === "cancelled" || experiment === "failed" || states.includes("cancelled")) return "cancelled";
  if (needs.some(({ paused }) => paused)) return "paused";
  return states.includes("active") ? "running" : "waiting";
}

const isUnfinished = (state: StageRunState): boolean => stageRunTransitions[state].length > 0;
