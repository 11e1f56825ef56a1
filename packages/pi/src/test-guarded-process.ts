/** Runs every function of the add-on, at each level, on arrays of odd sizes that end where no access is: see native-bounds.test.ts. */
import { deepStrictEqual } from "node:assert";
import { baseTransfers } from "./base-ot.ts";
import { kernelsAt } from "./choose-kernels.ts";
import { type ConvolutionShape, filterSize, inputSize } from "./convolution.ts";
import { GateHash } from "./gate-hash.ts";
import { degree, primes } from "./he/parameters.ts";
import { uniform } from "./he/sampler.ts";
import type { Kernels } from "./kernels.ts";
import { labelWords, randomDelta } from "./labels.ts";
import { type NativeLevel, nativeFunctions } from "./native-addon.ts";
import { nativeKernels } from "./native-kernels.ts";
import { Keystream, randomSeed, randomVector, randomWords, seedBytes } from "./random.ts";
import { boundedReluCircuit as circuit } from "./relu-circuit.ts";
import { guarded } from "./test-guarded.ts";

const shapes: ConvolutionShape[] = [
  { height: 1, width: 1, channelsIn: 1, channelsOut: 1, kernel: 1, stride: 1, padding: 0 },
  { height: 5, width: 7, channelsIn: 3, channelsOut: 17, kernel: 3, stride: 1, padding: 1 },
  { height: 8, width: 6, channelsIn: 5, channelsOut: 15, kernel: 3, stride: 2, padding: 1 },
];

/** The same values for every level. */
const given = [1, 33, 65, 130].map((units) => {
  const labels = (bits: number) => randomWords(labelWords * bits * units);
  return {
    units,
    delta: randomDelta(),
    values: randomVector(units),
    zeros: { clientShare: labels(circuit.signBits), serverShare: labels(circuit.signBits), mask: labels(64) },
    name: { nonce: randomSeed(), layer: 0, chunk: 0 },
    seeds: Array.from({ length: baseTransfers }, () => [randomSeed(), randomSeed()] as [Uint8Array, Uint8Array]),
    choices: randomWords(units),
    keys: new Uint8Array(randomWords((2 * seedBytes) / 4).buffer),
    images: shapes.map((shape) => ({
      shape,
      filters: randomWords(filterSize(shape) * shape.channelsOut),
      image: randomVector(inputSize(shape)),
    })),
  };
});

const resultsOf = (kernels: Kernels) =>
  given.map(async ({ units, delta, values, zeros, name, seeds, choices, keys, images }) => {
    const hash = new GateHash(name, { ands: circuit.ands, units });
    const garbled = await kernels.garble({ circuit, zeros: structuredClone(zeros), delta, hash, units });
    const colors = await kernels.evaluate({ circuit, labels: zeros, tables: garbled.tables, hash, units });
    const labels = zeros.mask.slice();
    kernels.takeBits(labels, values, 64, delta);
    const received = kernels.receiver(seeds).extend(choices);
    const sender = kernels.sender(
      delta,
      seeds.map(([zero]) => zero),
    );
    const rows = sender.extend(received.corrections, 32 * units);
    const hashed = kernels.hashRows(keys, doubled(rows), delta);
    const convolved = images.map(({ shape, filters, image }) => kernels.convolve(shape, filters, image));
    return { garbled, colors, labels, received, rows, hashed, convolved };
  });

/** Twice the rows: two groups of one length. */
function doubled(rows: Int32Array): Int32Array {
  const twice = new Int32Array(2 * rows.length);
  twice.set(rows);
  twice.set(rows, rows.length);
  return twice;
}

const residues = Array.from({ length: 4 }, () => uniform(new Keystream(randomSeed())));
const plain = randomWords(degree).map((word) => word >> 3);

/** Of the first primes' residues, and of all. */
function polynomialsOf({ polynomials }: Kernels): Int32Array[] {
  const [x, y, z, w] = residues.map((each) => each.slice()) as [Int32Array, Int32Array, Int32Array, Int32Array];
  const some = x.slice(0, (primes.length - 2) * degree);
  polynomials.forward(some);
  polynomials.inverse(y);
  polynomials.multiplyAdd(z, x, y);
  polynomials.multiplyPlain([w, x], plain, [z, y]);
  return [some, w, x, y, z];
}

const due = await Promise.all(resultsOf(kernelsAt("javascript")));
for (const [level, native] of Object.entries(nativeFunctions())) {
  const found = await Promise.all(resultsOf(nativeKernels(level as NativeLevel, guarded(native))));
  deepStrictEqual(found, due, level);
  const kernels = nativeKernels(level as NativeLevel, guarded(native));
  deepStrictEqual(polynomialsOf(kernels), polynomialsOf(kernelsAt("javascript")), level);
}
