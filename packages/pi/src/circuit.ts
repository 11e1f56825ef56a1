/**
 * Boolean circuits over wires in slots. Exclusive-or and negation are free to garble, so the cost of a circuit is its
 * number of `majority` gates: one AND each, out = ((a ⊕ c) ∧ (b ⊕ c)) ⊕ c. With c the constant 0 that is a ∧ b.
 */
export type Gate<Input extends string = string> =
  /** Takes a wire of an input, right before its first use. */
  { op: "input"; input: Input; bit: number; out: number } | Computation;

type Computation =
  | { op: "xor"; a: number; b: number; out: number }
  | { op: "not"; a: number; out: number }
  | { op: "majority"; a: number; b: number; c: number; out: number };

export interface Circuit<Input extends string = string> {
  inputs: readonly Input[];
  outputs: readonly number[];
  /** Over slots, of which slot 0 is the constant 0. */
  gates: readonly Gate<Input>[];
  /** Slots that evaluation needs: a wire's slot is free again after the last gate that reads it. */
  slots: number;
  /** `majority` gates: two ciphertexts each. */
  ands: number;
}

/** The wire of slot 0. */
const constantZero = 0;

/** Writes a circuit gate by gate; every method returns the new wire. */
export class CircuitBuilder<Input extends string> {
  readonly #gates: Computation[] = [];
  /** By wire. */
  readonly #inputs = new Map<number, { input: Input; bit: number }>();
  #wires = 1;

  input(name: Input, bits: number): number[] {
    return Array.from({ length: bits }, (_, bit) => {
      this.#inputs.set(this.#wires, { input: name, bit });
      return this.#wires++;
    });
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

  #push(gate: Computation): number {
    this.#gates.push(gate);
    return gate.out;
  }
}

/**
 * Gives wires slots: a gate writes where a wire lies that it is the last to read, and inputs come when they are due, so that a
 * circuit stays in the cache.
 */
function inSlots<Input extends string>({
  inputs,
  outputs,
  gates,
}: {
  inputs: ReadonlyMap<number, { input: Input; bit: number }>;
  outputs: readonly number[];
  gates: readonly Computation[];
}): Circuit<Input> {
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
  const placed: Gate<Input>[] = [];
  const at = (wire: number): number => {
    const input = inputs.get(wire);
    if (input && !slotOf.has(wire)) placed.push({ op: "input", ...input, out: given(wire) });
    return slotOf.get(wire) as number;
  };
  gates.forEach((gate, place) => {
    const read = Object.fromEntries(operands(gate).map(([key, wire]) => [key, at(wire)]));
    for (const wire of new Set(reads(gate))) if (lastRead.get(wire) === place) free.push(at(wire));
    placed.push({ ...gate, ...read, out: given(gate.out) });
  });
  return {
    inputs: [...new Set([...inputs.values()].map(({ input }) => input))],
    outputs: outputs.map(at),
    gates: placed,
    slots,
    ands: gates.filter(({ op }) => op === "majority").length,
  };
}

const operands = ({ op: _, out: __, ...wires }: Computation): [string, number][] => Object.entries(wires);
const reads = (gate: Computation): number[] => operands(gate).map(([, wire]) => wire);

/** What the circuit computes, in the clear: the oracle of garbling. */
export function evaluateInTheClear<Input extends string>(
  circuit: Circuit<Input>,
  inputs: Record<Input, readonly boolean[]>,
): boolean[] {
  const wires = new Array<boolean>(circuit.slots).fill(false);
  const at = (slot: number) => wires[slot] as boolean;
  for (const gate of circuit.gates) {
    if (gate.op === "input") wires[gate.out] = inputs[gate.input][gate.bit] as boolean;
    else if (gate.op === "xor") wires[gate.out] = at(gate.a) !== at(gate.b);
    else if (gate.op === "not") wires[gate.out] = !at(gate.a);
    else wires[gate.out] = Number(at(gate.a)) + Number(at(gate.b)) + Number(at(gate.c)) >= 2;
  }
  return circuit.outputs.map(at);
}
