import type { Failure, FromChild, StopWay } from "@reluctant/contracts";

/**
 * The slot: one GPU (or CPU share) that runs at most one attempt. Decisions only; nothing here touches a process.
 *
 *   free ──▶ claiming ──▶ preparing ──▶ training ──▶ stopping
 *    ▲           │            │             │            │
 *    ├───────────┘            ▼             ▼            ▼
 *    └──────────────────── reporting, which begins when the process group is gone
 */
export const slotTransitions = {
  free: ["claiming", "closed"],
  claiming: ["free", "preparing"],
  preparing: ["training", "reporting"],
  training: ["stopping", "reporting"],
  stopping: ["reporting"],
  reporting: ["free"],
  closed: [],
} as const satisfies Record<string, readonly string[]>;
export type SlotPhase = keyof typeof slotTransitions;

/** @throws Error on a step that the diagram does not have: a bug in the supervisor */
export function nextPhase(from: SlotPhase, to: SlotPhase): SlotPhase {
  if (from === to || (slotTransitions[from] as readonly SlotPhase[]).includes(to)) return to;
  throw new Error(`the slot cannot go from ${from} to ${to}`);
}

/** Why an attempt is stopped before its end, from the least to the most urgent; a more urgent cause replaces a less urgent one. */
export const stopCauses = {
  /** No trial needs the stage run any more. A later one of its key goes on from the checkpoint. */
  preempt: { how: "checkpoint", graceMs: 20_000, release: "preempted" },
  /** The supervisor was asked to end. */
  drain: { how: "checkpoint", graceMs: 20_000, release: "preempted" },
  /** The supervisor was asked to end a second time. */
  forceDrain: { how: "now", graceMs: 2_000, release: "preempted" },
  /** A person cancelled the experiment, and no other needs the stage run. Without Redis a beat hears of it within 3 s, and all is over in 5. */
  cancel: { how: "now", graceMs: 1_000, release: "cancelled" },
  /** The attempt is no longer ours, or nobody could be asked for ten minutes: nothing more is written. */
  stale: { how: "now", graceMs: 2_000, release: null },
} as const satisfies Record<string, { how: StopWay; graceMs: number; release: "preempted" | "cancelled" | null }>;
export type StopCause = keyof typeof stopCauses;

const byUrgency = Object.keys(stopCauses) as StopCause[];

/** The cause that counts once `asked` came on top of `current`. */
export const mostUrgent = (current: StopCause | null, asked: StopCause): StopCause =>
  current !== null && byUrgency.indexOf(current) >= byUrgency.indexOf(asked) ? current : asked;

/** What a beat's answer means for the slot; null goes on. */
export const causeOf = (
  answer: { answer: "go on" } | { answer: "stop"; how: StopWay } | { answer: "stale" },
): StopCause | null => {
  if (answer.answer === "go on") return null;
  if (answer.answer === "stale") return "stale";
  return answer.how === "checkpoint" ? "preempt" : "cancel";
};

/** A child's last message: it exits after it. */
export type TerminalMessage = Extract<FromChild, { type: "succeeded" | "failed" | "stopped" }>;

export const isTerminal = (message: FromChild): message is TerminalMessage =>
  message.type === "succeeded" || message.type === "failed" || message.type === "stopped";

/** How a child's process ended. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The kernel ended a process for lack of memory while the child ran. */
  outOfMemory: boolean;
  /** Last lines of its standard error. */
  lastLines: string[];
}

/** What the supervisor reports once the process group is gone. */
export type Ending =
  | { outcome: "succeeded"; message: Extract<TerminalMessage, { type: "succeeded" }> }
  | { outcome: "failed"; failure: Failure }
  | { outcome: "released"; release: "preempted" | "cancelled"; step: number | null }
  /** Not ours any more: say nothing. */
  | { outcome: "abandoned" };

/**
 * A result counts whatever was asked meanwhile; an asked stop explains any other end; the rest is a failure.
 * `end` is null when the attempt was stopped before it had a child.
 */
export function endingOf(input: {
  cause: StopCause | null;
  terminal: TerminalMessage | null;
  end: ChildEnd | null;
  step: number | null;
}): Ending {
  const { cause, terminal, end, step } = input;
  if (cause === "stale") return { outcome: "abandoned" };
  if (terminal?.type === "succeeded") return { outcome: "succeeded", message: terminal };
  if (cause !== null) {
    const { release } = stopCauses[cause];
    return release
      ? { outcome: "released", release, step: terminal?.type === "stopped" ? terminal.step : step }
      : { outcome: "abandoned" };
  }
  if (terminal?.type === "failed") return { outcome: "failed", failure: terminal.failure };
  return { outcome: "failed", failure: crash(end, step) };
}

/** V8's own limit ends in SIGABRT, and the kernel's in SIGKILL. */
const heapLimit = "heap out of memory";

function crash(end: ChildEnd | null, step: number | null): Failure {
  const how = end?.signal
    ? `was ended by ${end.signal}`
    : `ended with exit code ${end?.code ?? "unknown"} before its result`;
  const said = end?.lastLines.length ? `; its last lines: ${end.lastLines.join("\n")}` : "";
  if ((end?.signal === "SIGKILL" && end.outOfMemory) || end?.lastLines.some((line) => line.includes(heapLimit))) {
    return {
      code: "out-of-memory",
      fatal: false,
      message: `the training process ran out of memory${said}`.slice(0, 10_000),
      step,
    };
  }
  return { code: "child-exit", fatal: false, message: `the training process ${how}${said}`.slice(0, 10_000), step };
}
