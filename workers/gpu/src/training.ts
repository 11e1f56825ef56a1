import type { Assignment, FromChild } from "@reluctant/contracts";
import type { Logger } from "@reluctant/telemetry";
import { type Child, startChild } from "./child-process.ts";
import { type ChildEnd, isTerminal, type SlotPhase, stopCauses } from "./slot.ts";
import type { SlotFile } from "./slot-file.ts";
import type { StopOrder } from "./stop-order.ts";

export interface TrainingOptions {
  childScript: URL;
  childEnv: NodeJS.ProcessEnv;
  slot: SlotFile;
  stop: StopOrder;
  onPhase: (phase: SlotPhase) => void;
  onMessage: (message: FromChild) => void;
  /** Standard output and error, as they come. */
  onOutput: (bytes: Uint8Array) => void;
  log: Logger;
}

/** A child that has sent its terminal message has this long to be gone. */
const exitTimeoutMs = 5_000;

/** The phases with a child: training, and stopping once it is asked to. Whatever the outcome, its process group is gone. */
export async function train(assignment: Assignment, options: TrainingOptions): Promise<ChildEnd> {
  const { stop, onPhase, log } = options;
  let deadline: NodeJS.Timeout | undefined;
  const killAfter = (ms: number) => {
    clearTimeout(deadline);
    deadline = setTimeout(child.kill, ms);
  };
  const child = startChild({
    script: options.childScript,
    args: [],
    env: options.childEnv,
    onMessage(message) {
      options.onMessage(message);
      if (isTerminal(message)) killAfter(exitTimeoutMs);
    },
    onOutput: options.onOutput,
  });
  onPhase("training");
  await holdSlot(options.slot, child);
  child.send({ type: "start", assignment });
  const unfollow = stop.follow((cause) => {
    onPhase("stopping");
    child.send({ type: "stop", how: stopCauses[cause].how });
    killAfter(stopCauses[cause].graceMs);
  });
  const end = await child.gone;
  unfollow();
  clearTimeout(deadline);
  log.info({ code: end.code, signal: end.signal }, "the training process is gone");
  return end;
}

/** Ends a child that cannot be recorded: it would outlive a crash of the supervisor unseen. */
async function holdSlot(slot: SlotFile, child: Child): Promise<void> {
  if (!child.pid) return; // it could not be started
  try {
    await slot.hold(child.pid);
  } catch (error) {
    child.kill();
    await child.gone;
    throw error;
  }
}
