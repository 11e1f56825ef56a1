import { sliceStride } from "./bits.ts";
import type { Circuit } from "./circuit.ts";
import type { GateHash } from "./gate-hash.ts";
import { type Delta, type Labels, labelWords } from "./labels.ts";

/** Words of a gate's table: two ciphertexts, T_G and T_E. */
const tableWords = 2 * labelWords;

/** Bytes of the tables of a circuit: what the garbler sends. */
export const tableBytes = (circuit: Circuit, units: number): number => 4 * tableWords * circuit.ands * units;

/** Labels of a circuit's inputs for all units: those of one wire after another, one a unit. */
export type InputLabels<Input extends string> = Record<Input, Labels>;

/**
 * Garbles a circuit for many units at once, gate by gate: half-gates (Zahur, Rosulek & Evans, "Two Halves Make a Whole",
 * EUROCRYPT 2015), two ciphertexts an AND, over free-XOR and point-and-permute. `zeros` are the inputs' labels for 0.
 * Returns the tables, gate by gate, and the colors of the outputs' labels for 0 as bit slices: with them the garbler
 * decodes the colors that the evaluator finds.
 */
export function garble<Input extends string>(options: {
  circuit: Circuit<Input>;
  zeros: InputLabels<Input>;
  delta: Delta;
  hash: GateHash;
  units: number;
}): { tables: Int32Array; colors: Int32Array } {
  const { circuit, zeros, delta, hash, units } = options;
  const wires = wiresOf(circuit, zeros, units);
  const tables = new Int32Array(tableWords * circuit.ands * units);
  const garbleAnd = andGarbler(wires, delta, hash, units);
  const at = (slot: number) => slot * units * labelWords;
  let ands = 0;
  for (const gate of circuit.gates) {
    if (gate.op === "xor") xor(wires, at(gate.out), at(gate.a), at(gate.b), units);
    else if (gate.op === "not") xorConstant(wires, at(gate.out), at(gate.a), delta, units);
    else {
      const table = tables.subarray(ands * units * tableWords, (ands + 1) * units * tableWords);
      garbleAnd(ands++, table, { a: at(gate.a), b: at(gate.b), c: at(gate.c), out: at(gate.out) });
    }
  }
  return { tables, colors: colorsOf(wires, circuit.outputs, units) };
}

/** Evaluates garbled units on the labels that their inputs have. Returns the colors of the outputs' labels as bit slices. */
export function evaluate<Input extends string>(options: {
  circuit: Circuit<Input>;
  labels: InputLabels<Input>;
  tables: Int32Array;
  hash: GateHash;
  units: number;
}): Int32Array {
  const { circuit, labels, tables, hash, units } = options;
  const wires = wiresOf(circuit, labels, units);
  const evaluateAnd = andEvaluator(wires, hash, units);
  const at = (slot: number) => slot * units * labelWords;
  let ands = 0;
  for (const gate of circuit.gates) {
    if (gate.op === "xor") xor(wires, at(gate.out), at(gate.a), at(gate.b), units);
    else if (gate.op === "not") wires.copyWithin(at(gate.out), at(gate.a), at(gate.a) + units * labelWords);
    else {
      const table = tables.subarray(ands * units * tableWords, (ands + 1) * units * tableWords);
      evaluateAnd(ands++, table, { a: at(gate.a), b: at(gate.b), c: at(gate.c), out: at(gate.out) });
    }
  }
  return colorsOf(wires, circuit.outputs, units);
}

/** Where a gate's wires lie, in words. */
interface Places {
  a: number;
  b: number;
  c: number;
  out: number;
}

function wiresOf<Input extends string>(circuit: Circuit<Input>, labels: InputLabels<Input>, units: number): Int32Array {
  const wires = new Int32Array(circuit.slots * units * labelWords);
  for (const name of Object.keys(circuit.inputs) as Input[]) {
    circuit.inputs[name].forEach((slot, bit) => {
      const labelsOfWire = labels[name].subarray(bit * units * labelWords, (bit + 1) * units * labelWords);
      wires.set(labelsOfWire, slot * units * labelWords);
    });
  }
  return wires;
}

function xor(wires: Int32Array, out: number, a: number, b: number, units: number): void {
  for (let i = 0; i < units * labelWords; i++) wires[out + i] = (wires[a + i] as number) ^ (wires[b + i] as number);
}

function xorConstant(wires: Int32Array, out: number, a: number, label: Labels, units: number): void {
  for (let i = 0; i < units * labelWords; i++) wires[out + i] = (wires[a + i] as number) ^ (label[i & 3] as number);
}

/** Writes σ(x ⊕ c) for each unit's label x of a wire: half the way to its hash. */
function orthomorphism(blocks: Int32Array, wires: Int32Array, x: number, c: number, units: number): void {
  for (let i = 0; i < units * labelWords; i += labelWords) {
    const x0 = (wires[x + i] as number) ^ (wires[c + i] as number);
    const x1 = (wires[x + i + 1] as number) ^ (wires[c + i + 1] as number);
    blocks[i] = x0 ^ (wires[x + i + 2] as number) ^ (wires[c + i + 2] as number);
    blocks[i + 1] = x1 ^ (wires[x + i + 3] as number) ^ (wires[c + i + 3] as number);
    blocks[i + 2] = x0;
    blocks[i + 3] = x1;
  }
}

/** One AND for all units: a table's halves are T_G = H(a₀) ⊕ H(a₁) ⊕ p_b·Δ and T_E = H(b₀) ⊕ H(b₁) ⊕ a₀. */
function andGarbler(wires: Int32Array, delta: Delta, hash: GateHash, units: number) {
  const length = units * labelWords;
  const hashesOfA = new Int32Array(2 * length); // of a₀ for all units, then of a₁ = a₀ ⊕ Δ
  const hashesOfB = new Int32Array(2 * length);
  const [d0, d1, d2, d3] = delta as unknown as [number, number, number, number];
  const sigmaOfDelta = Int32Array.of(d0 ^ d2, d1 ^ d3, d0, d1);
  const hashBoth = (gate: number, half: 0 | 1, hashes: Int32Array, x: number, c: number) => {
    orthomorphism(hashes, wires, x, c, units);
    for (let i = 0; i < length; i++) hashes[length + i] = (hashes[i] as number) ^ (sigmaOfDelta[i & 3] as number);
    hash.apply(gate, half, hashes);
  };
  return (gate: number, table: Int32Array, { a, b, c, out }: Places): void => {
    hashBoth(gate, 0, hashesOfA, a, c);
    hashBoth(gate, 1, hashesOfB, b, c);
    for (let i = 0, t = 0; i < length; i += labelWords, t += tableWords) {
      const colorA = -(((wires[a + i] as number) ^ (wires[c + i] as number)) & 1);
      const colorB = -(((wires[b + i] as number) ^ (wires[c + i] as number)) & 1);
      for (let w = 0; w < labelWords; w++) {
        const ofA = hashesOfA[i + w] as number;
        const ofB = hashesOfB[i + w] as number;
        const shift = wires[c + i + w] as number;
        const generator = ofA ^ (hashesOfA[length + i + w] as number) ^ (colorB & (delta[w] as number));
        const difference = ofB ^ (hashesOfB[length + i + w] as number);
        table[t + w] = generator;
        table[t + labelWords + w] = difference ^ (wires[a + i + w] as number) ^ shift;
        wires[out + i + w] = ofA ^ (colorA & generator) ^ ofB ^ (colorB & difference) ^ shift;
      }
    }
  };
}

function andEvaluator(wires: Int32Array, hash: GateHash, units: number) {
  const length = units * labelWords;
  const hashesOfA = new Int32Array(length);
  const hashesOfB = new Int32Array(length);
  return (gate: number, table: Int32Array, { a, b, c, out }: Places): void => {
    orthomorphism(hashesOfA, wires, a, c, units);
    hash.apply(gate, 0, hashesOfA);
    orthomorphism(hashesOfB, wires, b, c, units);
    hash.apply(gate, 1, hashesOfB);
    for (let i = 0, t = 0; i < length; i += labelWords, t += tableWords) {
      const colorA = -(((wires[a + i] as number) ^ (wires[c + i] as number)) & 1);
      const colorB = -(((wires[b + i] as number) ^ (wires[c + i] as number)) & 1);
      for (let w = 0; w < labelWords; w++) {
        const shift = wires[c + i + w] as number;
        const ofEvaluator = (table[t + labelWords + w] as number) ^ (wires[a + i + w] as number) ^ shift;
        const generatorHalf = (hashesOfA[i + w] as number) ^ (colorA & (table[t + w] as number));
        wires[out + i + w] = generatorHalf ^ (hashesOfB[i + w] as number) ^ (colorB & ofEvaluator) ^ shift;
      }
    }
  };
}

/** Colors of the wires' labels as bit slices, one slice a wire. */
function colorsOf(wires: Int32Array, slots: readonly number[], units: number): Int32Array {
  const stride = sliceStride(units);
  const colors = new Int32Array(slots.length * stride);
  slots.forEach((slot, wire) => {
    for (let unit = 0; unit < units; unit++) {
      const color = (wires[(slot * units + unit) * labelWords] as number) & 1;
      const word = wire * stride + (unit >> 5);
      colors[word] = (colors[word] as number) | (color << (unit & 31));
    }
  });
  return colors;
}
