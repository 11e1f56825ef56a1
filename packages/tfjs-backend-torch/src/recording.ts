/** What went through the bridge while a function ran. */
import { dispose, type NamedTensorMap, type Variable } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.ts";
import type { Bridge, Slot } from "./bridge.ts";
import { type Command, execute, executeDeferred } from "./deferred.ts";

export interface Recording {
  commands: readonly Command[];
  /** Values were read: what JavaScript then did with them is not in the commands. */
  read: boolean;
}

/**
 * Runs `f` while its commands are noted, and then the commands (deferred.ts). From where `f` reads a value on they run at
 * once. Each is waited for, on the engine thread too, so that its error is thrown here.
 * @param before where the variables lie that get their values back when a command fails
 */
export function record<T extends NamedTensorMap>(
  backend: TorchBackend,
  before: ReadonlyMap<Variable, Slot>,
  f: () => T,
): { result: T; recording: Recording } {
  const { bridge } = backend;
  const commands: Command[] = [];
  const recording = { commands, read: false };
  let pending: Command[] | null = [];
  const runPending = () => {
    const noted = pending ?? [];
    pending = null;
    const noting = backend.bridge;
    backend.bridge = bridge;
    try {
      executeDeferred(backend, noted, before);
    } finally {
      backend.bridge = noting;
    }
  };
  const note = (command: Command) => {
    if (pending) pending.push(command);
    else execute(bridge, command);
    commands.push(command);
  };
  const reading = () => {
    recording.read = true;
    runPending();
  };
  const noting: Pick<Bridge, "call" | "free" | "upload" | "readSync" | "read" | "scalarType"> = {
    call: (op, ...operands) => note({ kind: "call", op, operands }),
    free: (slot) => note({ kind: "free", slot }),
    upload: (slot, values, shape) => note({ kind: "upload", slot, values: values.slice(), shape }),
    readSync: (slot) => {
      reading();
      return bridge.readSync(slot);
    },
    read: (slot) => {
      reading();
      return bridge.read(slot);
    },
    scalarType: (slot) => {
      runPending();
      return bridge.scalarType(slot);
    },
  };
  backend.bridge = { ...bridge, ...noting };
  bridge.setBlocking(true);
  let result: T | undefined;
  try {
    result = f();
    runPending();
    return { result, recording };
  } catch (error) {
    if (result) dispose(result);
    else runPending(); // what `f` asked for before it threw
    throw error;
  } finally {
    bridge.setBlocking(false);
    backend.bridge = bridge;
  }
}
