import { join } from "node:path";
import { groupGone, identify, isAlive, type ProcessId, signalGroup, takeFolder } from "@reluctant/machine";

/** The slot's file, in the cache that the machine's workers share. One supervisor holds it at a time; a leftover child is ended before the next. */
export interface SlotFile {
  /** Records the child's process group before it gets any work. */
  hold(childPid: number): Promise<void>;
  release(): Promise<void>;
  close(): Promise<void>;
}

/** What a supervisor that starts after a crash has to know: the training process that the slot's was. */
interface SlotRecord {
  child: ProcessId | null;
}

/**
 * Takes the slot, first ending the process group that a killed supervisor left.
 * @param slotName names the slot among all that share the folder, also those of other installations
 * @throws Error when another supervisor of this slot runs on the machine
 */
export async function takeSlot(
  cacheDir: string,
  slotName: string,
): Promise<{ slot: SlotFile; ended: ProcessId | null }> {
  // The child of the supervisor before stays on record until it is gone: this one may die, too.
  const taken = await takeFolder<SlotRecord>(
    join(cacheDir, "slots", encodeURIComponent(slotName)),
    (before) => before ?? { child: null },
  );
  if ("heldBy" in taken) {
    throw new Error(
      `the worker ${slotName} runs here already (process ${taken.heldBy.pid}); give this one another RELUCTANT_WORKER_NAME`,
    );
  }
  const { holding } = taken;
  const { child } = holding.content;
  const leftover = child && (await isAlive(child)) ? child : null;
  if (leftover) {
    signalGroup(leftover.pid, "SIGKILL");
    await groupGone(leftover.pid);
  }
  const record = (child: ProcessId | null) => holding.write({ child });
  await record(null);
  return {
    ended: leftover,
    slot: {
      hold: async (childPid) => record(await identify(childPid)),
      release: () => record(null),
      close: holding.release,
    },
  };
}
