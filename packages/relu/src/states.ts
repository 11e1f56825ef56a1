import type { AttemptState, ExperimentState, StageRunState, TrialState } from "@reluctant/contracts";

/** The state machines of stage runs, attempts, experiments and trials: behavior that can be read without running. */
export const stageRunTransitions = {
  blocked: ["ready", "cancelled", "failed"],
  ready: ["active", "cancelled", "failed"],
  active: ["ready", "succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<StageRunState, readonly StageRunState[]>;

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
  cancelled: [],
  failed: [],
  finished: ["active"],
} as const satisfies Record<ExperimentState, readonly ExperimentState[]>;

/** States in which a stage run still owns its key: a new experiment shares it instead of making another. */
export const liveStageRunStates = [
  "blocked",
  "ready",
  "active",
  "succeeded",
] as const satisfies readonly StageRunState[];
/** States in which an attempt occupies its stage run: at most one such attempt a stage run. */
export const liveAttemptStates = ["queued", "running", "stopping"] as const satisfies readonly AttemptState[];
export const endedStageRunStates = ["succeeded", "failed", "cancelled"] as const satisfies readonly StageRunState[];

export function mayBecome<S extends string>(transitions: Record<S, readonly S[]>, from: S, to: S): boolean {
  return transitions[from].includes(to);
}

/** A trial's state, from the states of its needs. */
export function trialState(needs: readonly StageRunState[], experiment: ExperimentState): TrialState {
  if (needs.includes("failed")) return "failed";
  if (needs.every((state) => state === "succeeded")) return "succeeded";
  if (experiment === "cancelled" || experiment === "failed" || needs.includes("cancelled")) return "cancelled";
  return needs.includes("active") ? "running" : "waiting";
}
