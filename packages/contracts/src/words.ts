/**
 * The vocabulary of Reluctant: one word per idea, the same in code, columns, URLs and screens.
 *
 * | word | meaning |
 * | --- | --- |
 * | experiment | one question; owns numbered, immutable spec revisions and the sweep they expand to |
 * | sweep | the grid of trials an experiment expands to: methods × budgets × seeds of one model and dataset |
 * | trial | one point of the sweep, carried through all its stages |
 * | comparison | several experiments that are read together, as tables |
 * | stage | a step of the method; its kind is also its queue's name. Allocation is pure and instant: no stage |
 * | stage run | one unit of work named by its stage key, owned by no trial; a **need** links it to every trial that uses it |
 * | attempt | one execution of a stage run, born at dispatch, numbered from 1. A retry is the next attempt |
 * | lease | an attempt's time-limited right to a GPU and to write; when it expires the attempt is `lost` |
 * | epoch (of an attempt) | fencing number raised by every claim; a stale one is refused. In training code an epoch is a pass over the data |
 * | budget | how many ReLUs the network may keep, an absolute count |
 * | sensitivity | per-layer measure of how much ReLUs matter |
 * | allocation | per-layer ReLU counts; sums to at most the budget |
 * | mask | per-layer 0/1 tensor: which ReLUs stay |
 * | AR / PR model | all-ReLU teacher / partial-ReLU student |
 * | checkpoint | everything to resume: weights, optimizer, step, mask, sums. `weights` alone is for inference |
 * | variant | one of several results of a stage run: a budget of a descent, a width of a network; `full` is the main one |
 * | artifact | immutable bytes named by their SHA-256 |
 * | frontier point | what one stage run (and variant) achieved: ReLU count and accuracies |
 * | measurement | what private inference of a frontier point cost on one machine and network: times, bytes, rounds |
 * | slot | one GPU (or CPU share) of a worker: runs at most one attempt |
 * | job | BullMQ's record of an attempt. Never appears in the API |
 */
export const stageKinds = ["train", "sensitivity", "mask-search", "distillation", "private-inference"] as const;
export type StageKind = (typeof stageKinds)[number];

export const granularities = ["pixel", "channel"] as const;
export type Granularity = (typeof granularities)[number];

/** fp32, or bf16 activations over fp32 weights, statistics and losses. Fixed at submit, never chosen at run time. */
export const precisions = ["fp32", "bf16"] as const;
export type Precision = (typeof precisions)[number];

/** What the tensors are computed with, in the order in which a worker chooses; `cpu` only where it is asked for. */
export const backendNames = ["torch", "tensorflow", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

/** Published systems of private inference: of which blocks each is made here, and what it leaves out, `piSystemPresets` says. */
export const piSystems = ["delphi", "gazelle", "minionn", "cheetah"] as const;
export type PiSystem = (typeof piSystems)[number];

/** How the two parties compute a ReLU: Yao's garbled circuits, or comparisons on shared bits (Goldreich, Micali & Wigderson). */
export const reluProtocols = ["garbled", "gmw"] as const;
export type ReluProtocol = (typeof reluProtocols)[number];

/** What gives the correlations of linear layers: a dealer, whose cost is in no figure, or homomorphic encryption. */
export const linearProtocols = ["dealer", "he"] as const;
export type LinearProtocol = (typeof linearProtocols)[number];

/** Networks between client and server: the machine's own, 1 Gbit/s with 1 ms, and 100 Mbit/s with 40 ms there and back. */
export const networkProfileNames = ["loopback", "lan", "wan"] as const;
export type NetworkProfileName = (typeof networkProfileNames)[number];

/** What a frontier may be drawn over: ReLUs kept, or what inferences were measured to cost; `total` is offline and online time. */
export const frontierAxes = ["relus", "online-latency", "online-bytes", "total"] as const;
export type FrontierAxis = (typeof frontierAxes)[number];
/** Those along which a point has a place only once its network was measured. */
export type CostAxis = Exclude<FrontierAxis, "relus">;

export const priorities = ["low", "normal", "high"] as const;
export type Priority = (typeof priorities)[number];

/** Where a need's result comes from: this trial's dispatch, another trial's live run, or a finished one. */
export const needOrigins = ["ran", "shared", "cached"] as const;
export type NeedOrigin = (typeof needOrigins)[number];

export const experimentStates = ["active", "paused", "cancelled", "failed", "finished"] as const;
export type ExperimentState = (typeof experimentStates)[number];

/** Derived from a trial's needs; never stored. */
export const trialStates = ["waiting", "running", "paused", "succeeded", "failed", "cancelled"] as const;
export type TrialState = (typeof trialStates)[number];

export const stageRunStates = ["blocked", "ready", "active", "succeeded", "failed", "cancelled"] as const;
export type StageRunState = (typeof stageRunStates)[number];

/** What keeps a stage run from its slot. */
export const waitingCodes = ["inputs", "paused", "no-worker", "quota", "retry", "queue", "next", "queued"] as const;
export type WaitingCode = (typeof waitingCodes)[number];

export const attemptStates = [
  "queued",
  "running",
  "stopping",
  "succeeded",
  "failed",
  "lost",
  "preempted",
  "cancelled",
  "superseded",
] as const;
export type AttemptState = (typeof attemptStates)[number];

/** How a running attempt is asked to stop: at its next step, with a checkpoint, or at once. */
export const stopWays = ["checkpoint", "now"] as const;
export type StopWay = (typeof stopWays)[number];

/**
 * `draining` ends when what it runs has reached a checkpoint; `drained` stays, runs what it has to its end, and gets no more
 * work until a person undrains it or it restarts; `quarantined` gets none for a time, since attempts failed there by its own
 * fault; `silent` has not beaten for a lease.
 */
export const workerStates = ["idle", "busy", "draining", "drained", "quarantined", "silent", "gone"] as const;
export type WorkerState = (typeof workerStates)[number];

/** Whose fault it is that an attempt failed: of what it computes, of the machine, or of Reluctant and its services. */
export const faults = ["work", "node", "platform"] as const;
export type Fault = (typeof faults)[number];

/** Roles of tokens and sessions; each may do what the ones before it may. */
export const roles = ["viewer", "member", "admin"] as const;
export type Role = (typeof roles)[number];
