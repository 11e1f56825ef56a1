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
  const desk = new Desk(options, 2);
  desk.place(desk.delta, delta);
  const tables = new Uint8Array(tableBytes(circuit, units));
  let ands = 0;
  for (const gate of circuit.gates) {
    const out = desk.at(gate.out);
    if (gate.op === "input") desk.place(out, desk.ofWire(zeros[gate.input], gate.bit));
    else if (gate.op === "xor") kernels.xor(out, desk.at(gate.a), desk.at(gate.b), units);
    else if (gate.op === "not") kernels.xorConstant(out, desk.at(gate.a), desk.delta, units);
    else {
      const places = desk.placesOf(gate);
      kernels.blocksOfBoth(places.blocksOfA, places.a, places.c, desk.delta, units);
      kernels.blocksOfBoth(places.blocksOfB, places.b, places.c, desk.delta, units);
      desk.encrypt(ands);
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
  const desk = new Desk(options, 1);
  let ands = 0;
  for (const gate of circuit.gates) {
    const out = desk.at(gate.out);
    if (gate.op === "input") desk.place(out, desk.ofWire(labels[gate.input], gate.bit));
    else if (gate.op === "xor") kernels.xor(out, desk.at(gate.a), desk.at(gate.b), units);
    else if (gate.op === "not")
      kernels.xor(out, desk.at(gate.a), desk.at(0), units); // the garbler has changed which label is 0's
    else {
      const places = desk.placesOf(gate);
      kernels.blocks(places, units);
      desk.encrypt(ands);
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
  /** The gate's table. */
  readonly table: Uint8Array;
  readonly #ofGate: Omit<AndPlaces, "a" | "b" | "c" | "out">;
  /** Blocks of both halves of a gate, and where AES of them belongs. */
  readonly #halves: readonly { blocks: Uint8Array; encrypted: Uint8Array }[];
  readonly #wires: number;
  readonly #memory: ArrayBuffer;
  readonly #options: Pick<Options<string>, "units" | "hash" | "kernels">;

  /** `hashed`: labels of a wire that are hashed, both or the one that is known. */
  constructor(options: Options<string>, hashed: 1 | 2) {
    const { circuit, units, kernels } = options;
    const wireBytes = units * labelBytes;
    const blockBytes = hashed * wireBytes;
    const [blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table] = [0, 1, 2, 3, 4].map(
      (place) => 4 * labelBytes + place * blockBytes,
    ) as [number, number, number, number, number];
    this.#ofGate = { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table };
    this.#wires = table + gateTableBytes * units;
    this.#options = options;
    const room = 3 * labelBytes; // that is read behind the last wire
    this.#memory = kernels.reserve(this.#wires + circuit.slots * wireBytes + room);
    this.table = this.#bytes(table, gateTableBytes * units);
    this.#halves = [
      { blocks: this.#bytes(blocksOfA, blockBytes), encrypted: this.#bytes(encryptedOfA, blockBytes) },
      { blocks: this.#bytes(blocksOfB, blockBytes), encrypted: this.#bytes(encryptedOfB, blockBytes) },
    ];
    this.#bytes(this.at(0), wireBytes).fill(0); // the constant 0
  }

  /** Where a slot's wire lies. */
  at(slot: number): number {
    return this.#wires + slot * this.#options.units * labelBytes;
  }

  /** Where all of an AND lies. */
  placesOf({ a, b, c, out }: Record<"a" | "b" | "c" | "out", number>): AndPlaces {
    const { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table } = this.#ofGate; // to spread them takes 5 µs
    const wires = { a: this.at(a), b: this.at(b), c: this.at(c), out: this.at(out) };
    return { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, ...wires };
  }

  /** The labels of one of an input's wires. */
  ofWire(labels: Labels, bit: number): Labels {
    const words = this.#options.units * labelWords;
    return labels.subarray(bit * words, (bit + 1) * words);
  }

  place(at: number, labels: Labels): void {
    new Int32Array(this.#memory, at, labels.length).set(labels);
  }

  /** AES of a gate's blocks. */
  encrypt(and: number): void {
    this.#halves.forEach(({ blocks, encrypted }, half) => {
      this.#options.hash.encrypt(and, half as 0 | 1, blocks, encrypted);
    });
  }

  /** Colors of the wires' labels as bit slices, one slice a wire; they take the table's place. */
  colorsOf(slots: readonly number[]): Int32Array {
    const { units, kernels } = this.#options;
    const { table } = this.#ofGate;
    const slice = new Int32Array(this.#memory, table, sliceStride(units));
    const colors = new Int32Array(slots.length * slice.length);
    slots.forEach((slot, wire) => {
      kernels.colors(table, this.at(slot), units);
      colors.set(slice, wire * slice.length);
    });
    return colors;
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, at, length);
  }
}
