/** What went through the bridge while a function ran. */
import type { TorchBackend } from "./backend.ts";
import type { Argument, Bridge, HostArray, Slot } from "./bridge.ts";

export type Command =
  | { kind: "call"; op: number; operands: readonly Argument[] }
  | { kind: "free"; slot: Slot }
  | { kind: "upload"; slot: Slot; values: HostArray; shape: readonly number[] };

export interface Recording {
  commands: readonly Command[];
  /** Values were read: what JavaScript then did with them is not in the commands. */
  read: boolean;
}

/**
 * Runs `f` while its commands are noted. Each is waited for, on the engine thread too, so that an error is thrown where
 * it happens and no variable is lost to it.
 */
export function record<T>(backend: TorchBackend, f: () => T): { result: T; recording: Recording } {
  const { bridge } = backend;
  const commands: Command[] = [];
  const recording = { commands, read: false };
  const noting: Pick<Bridge, "call" | "free" | "upload" | "readSync" | "read"> = {
    call: (op, ...operands) => {
      bridge.call(op, ...operands);
      commands.push({ kind: "call", op, operands });
    },
    free: (slot) => {
      bridge.free(slot);
      commands.push({ kind: "free", slot });
    },
    upload: (slot, values, shape) => {
      bridge.upload(slot, values, shape);
      commands.push({ kind: "upload", slot, values: values.slice(), shape });
    },
    readSync: (slot) => {
      recording.read = true;
      return bridge.readSync(slot);
    },
    read: (slot) => {
      recording.read = true;
      return bridge.read(slot);
    },
  };
  backend.bridge = { ...bridge, ...noting };
  bridge.setBlocking(true);
  try {
    return { result: f(), recording };
  } finally {
    bridge.setBlocking(false);
    backend.bridge = bridge;
  }
}
