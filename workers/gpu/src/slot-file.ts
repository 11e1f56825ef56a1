import { join } from "node:path";
import { groupGone, identify, isAlive, type ProcessId, signalGroup, takeFolder } from "@reluctant/machine";

/** An attempt, and the epoch under which it may write. */
export interface Fence {
  attemptId: string;
  epoch: number;
}

/** The slot's file, in the cache that the machine's workers share. One supervisor holds it at a time; a leftover child is ended before the next. */
export interface SlotFile {
  /** Records the attempt that the slot runs from now on. */
  take(attempt: Fence): Promise<void>;
  /** Records the child's process group before it gets any work. */
  hold(childPid: number): Promise<void>;
  /** The attempt is over. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/** What a supervisor that starts after a crash has to know: what the slot ran, and in which process. */
interface SlotRecord {
  child: ProcessId | null;
  /** Earlier versions did not write it. */
  attempt?: Fence | null;
}

const nothing: SlotRecord = { child: null, attempt: null };

/**
 * Takes the slot, first ending the process group that a killed supervisor left. `left`: its attempt, to be handed back.
 * @param slotName names the slot among all that share the folder, also those of other installations
 * @throws Error when another supervisor of this slot runs on the machine
 */
export async function takeSlot(
  cacheDir: string,
  slotName: string,
): Promise<{ slot: SlotFile; ended: ProcessId | null; left: Fence | null }> {
  // What the supervisor before ran stays on record until its end is: this one may die, too.
  const taken = await takeFolder<SlotRecord>(
    join(cacheDir, "slots", encodeURIComponent(slotName)),
    (before) => before ?? nothing,
  );
  if ("heldBy" in taken) {
    throw new Error(
      `the worker ${slotName} runs here already (process ${taken.heldBy.pid}); give this one another RELUCTANT_WORKER_NAME`,
    );
  }
  const { holding } = taken;
  const { child, attempt: left = null } = holding.content;
  const leftover = child && (await isAlive(child)) ? child : null;
  if (leftover) {
    signalGroup(leftover.pid, "SIGKILL");
    await groupGone(leftover.pid);
  }
  let attempt = left;
  return {
    ended: leftover,
    left,
    slot: {
      take(taken) {
        attempt = taken;
        return holding.write({ child: null, attempt });
      },
      hold: async (childPid) => holding.write({ child: await identify(childPid), attempt }),
      release() {
        attempt = null;
        return holding.write(nothing);
      },
      close: holding.release,
    },
  };
}
