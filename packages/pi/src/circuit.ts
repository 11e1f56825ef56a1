/**
 * Boolean circuits over wires in slots. Exclusive-or and negation are free to garble, so the cost of a circuit is its
 * number of `majority` gates: one AND each, out = ((a ⊕ c) ∧ (b ⊕ c)) ⊕ c. With c the constant 0 that is a ∧ b.
 */
export type Gate =
  | { op: "xor"; a: number; b: number; out: number }
  | { op: "not"; a: number; out: number }
  | { op: "majority"; a: number; b: number; c: number; out: number };

export interface Circuit<Input extends string = string> {
  /** Slots of each input's wires, the lowest bit first. Slot 0 is the constant 0. */
  inputs: Record<Input, readonly number[]>;
  outputs: readonly number[];
  gates: readonly Gate[];
  /** Slots that evaluation needs: a wire's slot is free again after the last gate that reads it. */
  slots: number;
  /** `majority` gates: two ciphertexts each. */
  ands: number;
}

/** The wire of slot 0. */
const constantZero = 0;

/** Writes a circuit gate by gate; every method returns the new wire. */
export class CircuitBuilder<Input extends string> {
  readonly #gates: Gate[] = [];
  readonly #inputs = {} as Record<Input, number[]>;
  #wires = 1;

  input(name: Input, bits: number): number[] {
    this.#inputs[name] = Array.from({ length: bits }, () => this.#wires++);
    return this.#inputs[name];
  }

  xor(a: number, b: number): number {
    return this.#push({ op: "xor", a, b, out: this.#wires++ });
  }

  not(a: number): number {
    return this.#push({ op: "not", a, out: this.#wires++ });
  }

  and(a: number, b: number): number {
    return this.majority(a, b, constantZero);
  }

  /** The carry of a full adder: 1 where at least two of three are. */
  majority(a: number, b: number, c: number): number {
    return this.#push({ op: "majority", a, b, c, out: this.#wires++ });
  }

  build(outputs: readonly number[]): Circuit<Input> {
    return inSlots({ inputs: this.#inputs, outputs, gates: this.#gates });
  }

  #push(gate: Gate): number {
    this.#gates.push(gate);
    return gate.out;
  }
}

/** Gives wires slots: a gate writes where a wire lies that it is the last to read, so that a circuit stays in the cache. */
function inSlots<Input extends string>({
  inputs,
  outputs,
  gates,
}: Pick<Circuit<Input>, "inputs" | "outputs" | "gates">): Circuit<Input> {
  const lastRead = new Map<number, number>();
  gates.forEach((gate, place) => {
    for (const wire of reads(gate)) lastRead.set(wire, place);
  });
  for (const wire of [constantZero, ...outputs]) lastRead.set(wire, Number.POSITIVE_INFINITY);
  const slotOf = new Map([[constantZero, 0]]);
  const free: number[] = [];
  let slots = 1;
  const given = (wire: number): number => {
    const slot = free.pop() ?? slots++;
    slotOf.set(wire, slot);
    return slot;
  };
  const at = (wire: number): number => slotOf.get(wire) as number;
  const placed = {} as Record<Input, number[]>;
  for (const name of Object.keys(inputs) as Input[]) placed[name] = inputs[name].map(given);
  const placedGates = gates.map((gate, place): Gate => {
    const read = Object.fromEntries(operands(gate).map(([key, wire]) => [key, at(wire)]));
    for (const wire of new Set(reads(gate))) if (lastRead.get(wire) === place) free.push(at(wire));
    return { ...gate, ...read, out: given(gate.out) };
  });
  return {
    inputs: placed,
    outputs: outputs.map(at),
    gates: placedGates,
    slots,
    ands: gates.filter(({ op }) => op === "majority").length,
  };
}

const operands = ({ op: _, out: __, ...wires }: Gate): [string, number][] => Object.entries(wires);
const reads = (gate: Gate): number[] => operands(gate).map(([, wire]) => wire);

/** What the circuit computes, in the clear: the oracle of garbling. */
export function evaluateInTheClear<Input extends string>(
  circuit: Circuit<Input>,
  inputs: Record<Input, readonly boolean[]>,
): boolean[] {
  const wires = new Array<boolean>(circuit.slots).fill(false);
  for (const name of Object.keys(circuit.inputs) as Input[]) {
    circuit.inputs[name].forEach((slot, bit) => {
      wires[slot] = inputs[name][bit] as boolean;
    });
  }
  const at = (slot: number) => wires[slot] as boolean;
  for (const gate of circuit.gates) {
    if (gate.op === "xor") wires[gate.out] = at(gate.a) !== at(gate.b);
    else if (gate.op === "not") wires[gate.out] = !at(gate.a);
    else wires[gate.out] = Number(at(gate.a)) + Number(at(gate.b)) + Number(at(gate.c)) >= 2;
  }
  return circuit.outputs.map(at);
}
