import { sliceStride } from "./bits.ts";
import { type Labels, labelWords } from "./labels.ts";
import { ringBits } from "./relu-circuit.ts";
import type { RingVector } from "./ring.ts";

/**
 * Units that are garbled together. More amortize the set-up of keys, two an AND; fewer stay in the cache. In WebAssembly on a
 * busy machine 1,024 took 4.6 µs a unit to evaluate, 2,048 took 3.9 and 4,096 took 3.7.
 */
export const chunkUnits = 2_048;

/** A part of a layer's ReLUs: the units at these places of `kept`. */
export interface Chunk {
  index: number;
  units: Uint32Array;
}

export const chunksOf = (kept: Uint32Array): Chunk[] =>
  Array.from({ length: Math.ceil(kept.length / chunkUnits) }, (_, index) => ({
    index,
    units: kept.subarray(index * chunkUnits, (index + 1) * chunkUnits),
  }));

/** A chunk's elements of a vector that has one for each kept unit. */
export const partOf = (kept: RingVector, { index, units }: Chunk): RingVector =>
  kept.subarray(index * chunkUnits, index * chunkUnits + units.length);

/** The elements of a layer at a chunk's units. */
export const gather = (layer: RingVector, units: Uint32Array): RingVector => {
  const out = new BigInt64Array(units.length);
  for (let i = 0; i < units.length; i++) out[i] = layer[units[i] as number] as bigint;
  return out;
};

/** Writes a chunk's elements to their places in a layer. */
export const scatter = (layer: RingVector, units: Uint32Array, values: RingVector): void => {
  for (let i = 0; i < units.length; i++) layer[units[i] as number] = values[i] as bigint;
};

/** The layer with other elements at some of its units. */
export function replaced(layer: RingVector, units: Uint32Array, values: RingVector): RingVector {
  const out = layer.slice();
  scatter(out, units, values);
  return out;
}

/** Transfers that a chunk takes: one for each bit of the client's share and of its next mask, each wire's filled up to words. */
export const transfersOf = (units: number, signBits: number): number => 32 * sliceStride(units) * (signBits + ringBits);

/** The labels of `wires` wires from the rows of their transfers, without the rows that filled a wire's last word. */
export function labelsOfRows(rows: Labels, firstWire: number, wires: number, units: number): Labels {
  const stride = 32 * sliceStride(units);
  const out = new Int32Array(wires * units * labelWords);
  for (let wire = 0; wire < wires; wire++) {
    const from = (firstWire + wire) * stride;
    out.set(rows.subarray(from * labelWords, (from + units) * labelWords), wire * units * labelWords);
  }
  return out;
}
