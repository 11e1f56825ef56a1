import { sliceStride } from "./bits.ts";
import type { Circuit, Gate } from "./circuit.ts";
import { type ConvolutionShape, filterSize, outputSize } from "./convolution.ts";
import type { RowReceiver, RowSender } from "./correlated-ot.ts";
import { type ChunkOfUnits, type InputLabels, tableBytes } from "./garbling.ts";
import { requireRowsPerKey } from "./gate-hash.ts";
import type { Kernels } from "./kernels.ts";
import type { NativeChunk, NativeFunctions, NativeLevel } from "./native-addon.ts";
import { type RowKernels, randomTransfersBy } from "./random-transfers.ts";

/** The kernels of the add-on at one level. */
export function nativeKernels(level: NativeLevel, native: NativeFunctions): Kernels {
  const rows = rowsBy(native);
  return {
    level,
    threads: 1,
    garble(chunk) {
      const tables = new Uint8Array(tableBytes(chunk.circuit, chunk.units));
      const given = nativeChunk(chunk, chunk.zeros);
      native.garble(...given, chunk.delta, tables);
      return { tables, colors: given[6] };
    },
    evaluate(chunk) {
      const given = nativeChunk(chunk, chunk.labels);
      native.evaluate(...given, chunk.tables);
      return given[6];
    },
    takeBits: native.takeBits,
    ...rows,
    ...randomTransfersBy(rows),
    convolve(shape, filters, image) {
      const out = new BigInt64Array(outputSize(shape));
      const { height, width, channelsIn, channelsOut, kernel, stride, padding } = shape;
      const numbers = Int32Array.of(height, width, channelsIn, channelsOut, kernel, stride, padding);
      native.convolve(numbers, packed(shape, filters), image, out);
      return out;
    },
    polynomials: native,
    close: async () => undefined,
  };
}

/** Rows of transfers, and their hash. */
const rowsBy = (native: NativeFunctions): RowKernels => ({
  sender(delta, seeds, from = 0): RowSender {
    const schedules = schedulesOf(native, seeds);
    let position = from;
    return {
      extend(corrections, transfers) {
        const rows = new Int32Array(4 * transfers);
        native.senderRows(schedules, delta, position, corrections, rows);
        position += transfers / 32;
        return rows;
      },
    };
  },
  receiver(seeds, from = 0): RowReceiver {
    const [zeros, ones] = ([0, 1] as const).map((bit) =>
      schedulesOf(
        native,
        seeds.map((pair) => pair[bit]),
      ),
    );
    let position = from;
    return {
      extend(choices) {
        const corrections = new Int32Array(128 * choices.length);
        const labels = new Int32Array(128 * choices.length);
        native.receiverRows(zeros as Uint8Array, ones as Uint8Array, position, choices, corrections, labels);
        position += choices.length;
        return { corrections, labels };
      },
    };
  },
  hashRows(keys, rows, shift) {
    requireRowsPerKey(keys, rows);
    const out = new Int32Array(rows.length);
    native.hashRows(keys, rows, shift, out);
    return out;
  },
});

const scheduleBytes = 176;

function schedulesOf(native: NativeFunctions, seeds: readonly Uint8Array[]): Uint8Array {
  const schedules = new Uint8Array(seeds.length * scheduleBytes);
  native.expandKeys(new Uint8Array(Buffer.concat(seeds)), schedules);
  return schedules;
}

function nativeChunk<Input extends string>(
  { circuit, hash, units }: ChunkOfUnits<Input>,
  labels: InputLabels<Input>,
): NativeChunk {
  const { gates, outputs } = programOf(circuit);
  const colors = new Int32Array(outputs.length * sliceStride(units));
  const given = circuit.inputs.map((name) => labels[name as Input]);
  return [gates, circuit.slots, given, outputs, units, hash.keys, colors];
}

interface Program {
  /** Five numbers a gate: see `Gate` in native/kernels.h. */
  gates: Int32Array;
  outputs: Int32Array;
}

const programs = new WeakMap<object, Program>();

function programOf(circuit: Circuit): Program {
  const known = programs.get(circuit);
  if (known) return known;
  const program = {
    gates: Int32Array.from(circuit.gates.flatMap((gate) => numbersOf(gate, circuit.inputs))),
    outputs: Int32Array.from(circuit.outputs),
  };
  programs.set(circuit, program);
  return program;
}

function numbersOf(gate: Gate, inputs: readonly string[]): number[] {
  if (gate.op === "input") return [3, inputs.indexOf(gate.input), gate.bit, 0, gate.out];
  if (gate.op === "xor") return [0, gate.a, gate.b, 0, gate.out];
  if (gate.op === "not") return [1, gate.a, 0, 0, gate.out];
  return [2, gate.a, gate.b, gate.c, gate.out];
}

/** Channels that a block of packed filters has. */
const packedChannels = 16;

/** By the filters as they came, which nobody changes. */
const packedFilters = new WeakMap<Int32Array, Int32Array>();

/** [block of 16 channels][weight][channel of the block], what is missing of the last block 0. */
function packed(shape: ConvolutionShape, filters: Int32Array): Int32Array {
  const known = packedFilters.get(filters);
  if (known) return known;
  const length = filterSize(shape);
  const out = new Int32Array(Math.ceil(shape.channelsOut / packedChannels) * packedChannels * length);
  for (let channel = 0; channel < shape.channelsOut; channel++) {
    const block = Math.floor(channel / packedChannels) * packedChannels * length;
    const place = channel % packedChannels;
    for (let k = 0; k < length; k++) out[block + k * packedChannels + place] = filters[channel * length + k] as number;
  }
  packedFilters.set(filters, out);
  return out;
}
