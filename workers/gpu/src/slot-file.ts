import { join } from "node:path";
import { type EngineInfo, engineInfoSchema, ReluctantError } from "@reluctant/contracts";
import { groupGone, identify, isAlive, type ProcessId, signalGroup, takeFolder } from "@reluctant/machine";

/** An attempt, and the epoch under which it may write. */
export interface Fence {
  attemptId: string;
  epoch: number;
}

/** What a probe found, and the environment of the training process in which it did. */
export interface ProbedEngine {
  info: EngineInfo;
  environment: string;
}

/** The slot's file, in the cache that the machine's workers share. One supervisor holds it at a time; a leftover child is ended before the next. */
export interface SlotFile {
  /** What every attempt of this supervisor computes with: on record with each. */
  computesWith(engine: ProbedEngine): void;
  /** Records the attempt that the slot runs from now on. */
  take(attempt: Fence): Promise<void>;
  /** Records the child's process group before it gets any work. */
  hold(childPid: number): Promise<void>;
  /** The attempt is over. */
  release(): Promise<void>;
  /** Gives up the slot, unless an attempt is on record: that stays for the process that follows, to be handed back. */
  close(): Promise<void>;
}

/** What a supervisor that starts after a crash has to know: what the slot ran, and in which process. */
interface SlotRecord {
  child: ProcessId | null;
  /** Earlier versions did not write these. */
  attempt?: Fence | null;
  engine?: ProbedEngine | null;
}

/** What a killed supervisor left: its attempt, to be handed back, and what that computed with where it is on record. */
export interface Left {
  attempt: Fence;
  engine: ProbedEngine | null;
}

const nothing: SlotRecord = { child: null, attempt: null };

/**
 * Takes the slot, first ending the process group that a killed supervisor left.
 * @param slotName names the slot among all that share the folder, also those of other installations
 * @throws ReluctantError `conflict` when another supervisor of this slot runs on the machine
 */
export async function takeSlot(
  cacheDir: string,
  slotName: string,
): Promise<{ slot: SlotFile; ended: ProcessId | null; left: Left | null }> {
  // What the supervisor before ran stays on record until its end is: this one may die, too.
  const taken = await takeFolder<SlotRecord>(
    join(cacheDir, "slots", encodeURIComponent(slotName)),
    (before) => before ?? nothing,
  );
  if ("heldBy" in taken) {
    throw new ReluctantError(
      "conflict",
      `the worker ${slotName} runs here already (process ${taken.heldBy.pid}); give this one another RELUCTANT_WORKER_NAME`,
    );
  }
  const { holding } = taken;
  const { child, attempt: attemptLeft = null, engine: engineLeft = null } = holding.content;
  const leftover = child && (await isAlive(child)) ? child : null;
  if (leftover) {
    signalGroup(leftover.pid, "SIGKILL");
    await groupGone(leftover.pid);
  }
  let attempt = attemptLeft;
  let engine = engineLeft;
  return {
    ended: leftover,
    left: attemptLeft && { attempt: attemptLeft, engine: readable(engineLeft) },
    slot: {
      computesWith(probed) {
        engine = probed;
      },
      take(taken) {
        attempt = taken;
        return holding.write({ child: null, attempt, engine });
      },
      hold: async (childPid) => holding.write({ child: await identify(childPid), attempt, engine }),
      release() {
        attempt = null;
        return holding.write(nothing);
      },
      async close() {
        if (attempt === null) await holding.release();
      },
    },
  };
}

/** Another version may have written it. */
function readable(engine: ProbedEngine | null): ProbedEngine | null {
  const info = engineInfoSchema.safeParse(engine?.info);
  return engine && info.success ? { ...engine, info: info.data } : null;
}
