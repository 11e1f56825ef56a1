import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { groupGone, identify, isAlive, type ProcessId, signalGroup } from "./process-group.ts";

/** Who uses the slot: what a supervisor that starts after a crash has to know. */
interface SlotRecord {
  supervisor: ProcessId;
  child: ProcessId | null;
}

/** The slot's file, in the cache that the machine's workers share. One supervisor holds it at a time; a leftover child is ended before the next. */
export interface SlotFile {
  /** Records the child's process group before it gets any work. */
  hold(childPid: number): Promise<void>;
  release(): Promise<void>;
  close(): Promise<void>;
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
  const file = join(cacheDir, "slots", `${encodeURIComponent(slotName)}.json`);
  await mkdir(dirname(file), { recursive: true });
  const before = await read(file);
  if (before && (await isAlive(before.supervisor))) {
    throw new Error(
      `the worker ${slotName} runs here already (process ${before.supervisor.pid}); give this one another RELUCTANT_WORKER_NAME`,
    );
  }
  const leftover = before?.child && (await isAlive(before.child)) ? before.child : null;
  if (leftover) {
    signalGroup(leftover.pid, "SIGKILL");
    await groupGone(leftover.pid);
  }
  const supervisor = await identify(process.pid);
  if (!supervisor) throw new Error("/proc is not readable; a worker needs Linux with /proc mounted");
  const record = (child: ProcessId | null) => write(file, { supervisor, child });
  await record(null);
  return {
    ended: leftover,
    slot: {
      hold: async (childPid) => record(await identify(childPid)),
      release: () => record(null),
      close: () => rm(file, { force: true }),
    },
  };
}

async function read(file: string): Promise<SlotRecord | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as SlotRecord;
  } catch {
    return null; // none, or torn by a crash
  }
}

async function write(file: string, record: SlotRecord): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
}
