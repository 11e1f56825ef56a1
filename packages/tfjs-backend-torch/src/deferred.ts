/**
 * Commands that run after they were all noted, and so can give memory back early: each tensor goes after the last command
 * that mentions it. TensorFlow.js by itself frees what a gradient saved when the whole backward pass is over.
 */
import { engine, type Variable } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.ts";
import type { Argument, Bridge, HostArray, Signature, Slot } from "./bridge.ts";

export type Command =
  | { kind: "call"; op: number; operands: readonly Argument[] }
  | { kind: "free"; slot: Slot }
  | { kind: "upload"; slot: Slot; values: HostArray; shape: readonly number[] };

/**
 * Runs the commands in their order but for the frees.
 * @param before where variables lay before the first command: one that was assigned has its former value again when a
 *   command fails; what operators had written in place stays written
 * @throws Error what the first failing command says; those after it do not run, but for the frees
 */
export function executeDeferred(
  backend: TorchBackend,
  commands: readonly Command[],
  before: ReadonlyMap<Variable, Slot>,
): void {
  const { bridge } = backend;
  const { freedAfter, fromOutside } = lifetimes(bridge, commands);
  const former = new Map(fromOutside.map((slot) => [slot, backend.alias(slot)]));
  try {
    for (const [i, command] of commands.entries()) {
      if (command.kind !== "free") execute(bridge, command);
      for (const slot of freedAfter.get(i) ?? []) bridge.free(slot);
    }
  } catch (error) {
    for (const command of commands) if (command.kind === "free") bridge.free(command.slot);
    for (const [variable, slot] of before) {
      const value = former.get(slot);
      if (value === undefined || backend.slotOf(variable) === slot) continue;
      former.delete(slot);
      give(backend, variable, value);
    }
    throw error;
  } finally {
    for (const slot of former.values()) backend.releaseSlot(slot);
  }
}

export function execute(bridge: Bridge, command: Command): void {
  if (command.kind === "call") bridge.call(command.op, ...command.operands);
  else if (command.kind === "free") bridge.free(command.slot);
  else bridge.upload(command.slot, command.values, command.shape);
}

interface Lifetimes {
  /** Slots to free after each command, by its place. */
  freedAfter: ReadonlyMap<number, readonly Slot[]>;
  /** Slots among them that were filled before the first command. */
  fromOutside: readonly Slot[];
}

function lifetimes(bridge: Bridge, commands: readonly Command[]): Lifetimes {
  const signatures = new Map<number, Signature>();
  const signatureOf = (op: number): Signature => {
    const signature = signatures.get(op) ?? bridge.signature(op);
    signatures.set(op, signature);
    return signature;
  };
  const mentioned = new Map<Slot, number>();
  const made = new Set<Slot>();
  const freedAfter = new Map<number, Slot[]>();
  const fromOutside: Slot[] = [];
  for (const [i, command] of commands.entries()) {
    if (command.kind === "free") {
      const last = mentioned.get(command.slot) ?? i;
      freedAfter.set(last, [...(freedAfter.get(last) ?? []), command.slot]);
      if (!made.delete(command.slot)) fromOutside.push(command.slot);
      mentioned.delete(command.slot);
      continue;
    }
    const { results, operands } =
      command.kind === "upload"
        ? { results: [command.slot], operands: [] }
        : slotsOf(signatureOf(command.op), command.operands);
    for (const slot of operands) mentioned.set(slot, i);
    for (const slot of results) {
      mentioned.set(slot, i);
      if (!operands.includes(slot)) made.add(slot);
    }
  }
  return { freedAfter, fromOutside };
}

/** The slots of a call: those that it fills and those that it reads. */
function slotsOf({ results, tensors, lists }: Signature, operands: readonly Argument[]) {
  const given = [...tensors, ...lists].flatMap((argument) => operands[results + argument] as Slot | Slot[] | null);
  return {
    results: (operands.slice(0, results) as Slot[]).filter((slot) => slot >= 0),
    operands: given.filter((slot): slot is Slot => typeof slot === "number"),
  };
}

/** Makes what lies in a slot the variable's value. */
function give(backend: TorchBackend, variable: Variable, slot: Slot): void {
  const tensor = engine().makeTensorFromTensorInfo(backend.adopt(slot, variable.shape, variable.dtype));
  variable.assign(tensor);
  tensor.dispose();
}
