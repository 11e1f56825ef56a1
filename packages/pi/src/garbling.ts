import { sliceStride } from "./bits.ts";
import type { Circuit } from "./circuit.ts";
import type { GateHash } from "./gate-hash.ts";
import type { AndPlaces, LabelKernels } from "./label-kernels.ts";
import { type Delta, type Labels, labelBytes, labelWords } from "./labels.ts";

/** Bytes of a gate's table: two ciphertexts, T_G and T_E. */
const gateTableBytes = 2 * labelBytes;

/** Bytes of the tables of a circuit: what the garbler sends. */
export const tableBytes = (circuit: Circuit, units: number): number => gateTableBytes * circuit.ands * units;

/** Labels of a circuit's inputs for all units: those of one wire after another, one a unit. */
export type InputLabels<Input extends string> = Record<Input, Labels>;

/** Units of one circuit that are garbled together, under one set of keys. */
export interface ChunkOfUnits<Input extends string> {
  circuit: Circuit<Input>;
  hash: GateHash;
  units: number;
}

/** What the garbler has of a chunk. */
export interface Garbled {
  /** Gate by gate: what the evaluator gets. */
  tables: Uint8Array;
  /** Colors of the outputs' labels for 0, as bit slices: they decode those that the evaluator finds. */
  colors: Int32Array;
}

type Options<Input extends string> = ChunkOfUnits<Input> & { kernels: LabelKernels };

/**
 * Garbles a circuit for many units at once, gate by gate: half-gates (Zahur, Rosulek & Evans, "Two Halves Make a Whole",
 * EUROCRYPT 2015), two ciphertexts an AND, over free-XOR and point-and-permute. `zeros` are the inputs' labels for 0.
 */
export function garble<Input extends string>(
  options: Options<Input> & { zeros: InputLabels<Input>; delta: Delta },
): Garbled {
  const { circuit, zeros, delta, units, kernels } = options;
  const desk = new Desk(options, zeros);
  desk.place(desk.delta, delta);
  const tables = new Uint8Array(tableBytes(circuit, units));
  let ands = 0;
  for (const gate of circuit.gates) {
    const [a, out] = [desk.at(gate.a), desk.at(gate.out)];
    if (gate.op === "xor") kernels.xor(out, a, desk.at(gate.b), units);
    else if (gate.op === "not") kernels.xorConstant(out, a, desk.delta, units);
    else {
      const places = { ...desk.ofGate, a, b: desk.at(gate.b), c: desk.at(gate.c), out };
      kernels.blocksOfBoth(places.blocksOfA, a, places.c, desk.delta, units);
      kernels.blocksOfBoth(places.blocksOfB, places.b, places.c, desk.delta, units);
      desk.encrypt(ands, 2 * units);
      kernels.garbleAnd(places, desk.delta, units);
      tables.set(desk.table, gateTableBytes * units * ands++);
    }
  }
  return { tables, colors: desk.colorsOf(circuit.outputs) };
}

/** Evaluates garbled units on the labels that their inputs have. Returns the colors of the outputs' labels as bit slices. */
export function evaluate<Input extends string>(
  options: Options<Input> & { labels: InputLabels<Input>; tables: Uint8Array },
): Int32Array {
  const { circuit, labels, tables, units, kernels } = options;
  const desk = new Desk(options, labels);
  let ands = 0;
  for (const gate of circuit.gates) {
    const [a, out] = [desk.at(gate.a), desk.at(gate.out)];
    if (gate.op === "xor") kernels.xor(out, a, desk.at(gate.b), units);
    else if (gate.op === "not")
      kernels.xor(out, a, desk.at(0), units); // the garbler has changed which label is 0's
    else {
      const places = { ...desk.ofGate, a, b: desk.at(gate.b), c: desk.at(gate.c), out };
      kernels.blocks(places.blocksOfA, a, places.c, units);
      kernels.blocks(places.blocksOfB, places.b, places.c, units);
      desk.encrypt(ands, units);
      const from = gateTableBytes * units * ands++;
      desk.table.set(tables.subarray(from, from + gateTableBytes * units));
      kernels.evaluateAnd(places, units);
    }
  }
  return desk.colorsOf(circuit.outputs);
}

/** The kernels' memory for a chunk: Δ, one gate's blocks and AES of them, its table, then the wires by slot. */
class Desk {
  readonly delta = 0;
  readonly ofGate: Omit<AndPlaces, "a" | "b" | "c" | "out">;
  /** The gate's table. */
  readonly table: Uint8Array;
  readonly #wires: number;
  readonly #memory: ArrayBuffer;
  readonly #options: Pick<Options<string>, "units" | "hash" | "kernels">;

  constructor(options: Options<string>, inputs: InputLabels<string>) {
    const { circuit, units, kernels } = options;
    const wireBytes = units * labelBytes;
    const start = 4 * labelBytes;
    const [blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table] = [0, 2, 4, 6, 8].map(
      (wires) => start + wires * wireBytes,
    ) as [number, number, number, number, number];
    this.ofGate = { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table };
    this.#wires = table + gateTableBytes * units;
    this.#options = options;
    this.#memory = kernels.reserve(this.#wires + circuit.slots * wireBytes);
    this.table = this.#bytes(table, gateTableBytes * units);
    this.#bytes(this.at(0), wireBytes).fill(0); // the constant 0
    for (const [name, slots] of Object.entries(circuit.inputs)) {
      const labels = inputs[name] as Labels;
      const words = units * labelWords;
      slots.forEach((slot, bit) => {
        this.place(this.at(slot), labels.subarray(bit * words, (bit + 1) * words));
      });
    }
  }

  /** Where a slot's wire lies. */
  at(slot: number): number {
    return this.#wires + slot * this.#options.units * labelBytes;
  }

  place(at: number, labels: Labels): void {
    new Int32Array(this.#memory, at, labels.length).set(labels);
  }

  /** AES of a gate's blocks, `count` of each half. */
  encrypt(and: number, count: number): void {
    const { hash } = this.#options;
    const { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB } = this.ofGate;
    const bytes = count * labelBytes;
    hash.encrypt(and, 0, this.#bytes(blocksOfA, bytes), this.#bytes(encryptedOfA, bytes));
    hash.encrypt(and, 1, this.#bytes(blocksOfB, bytes), this.#bytes(encryptedOfB, bytes));
  }

  /** Colors of the wires' labels as bit slices, one slice a wire. */
  colorsOf(slots: readonly number[]): Int32Array {
    const { units } = this.#options;
    const stride = sliceStride(units);
    const colors = new Int32Array(slots.length * stride);
    slots.forEach((slot, wire) => {
      const labels = new Int32Array(this.#memory, this.at(slot), units * labelWords);
      for (let unit = 0; unit < units; unit++) {
        const word = wire * stride + (unit >> 5);
        colors[word] = (colors[word] as number) | (((labels[unit * labelWords] as number) & 1) << (unit & 31));
      }
    });
    return colors;
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, at, length);
  }
}
