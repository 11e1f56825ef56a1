/** What noise a layer makes, with the key in hand; tests and benches only, as all of this file. */
import { type ConvolutionShape, inputSize } from "../convolution.ts";
import { randomVector } from "../random.ts";
import { convolve } from "../wasm-convolution.ts";
import { type Ciphertext, decrypt, emptySum, encrypt, expand, finish, secretKey } from "./bfv.ts";
import { inverseModulo, residueOf } from "./modular.ts";
import { countsOf, outputPlaces, packInput, packingOf, packWeights } from "./packing.ts";
import { degree, primes } from "./parameters.ts";
import type { PolynomialKernels } from "./polynomials.ts";

const q = primes.reduce((product, prime) => product * BigInt(prime), 1n);

/** The number of least magnitude behind the residues of one coefficient. */
export function centered(residues: Int32Array, place: number, count: number): bigint {
  let sum = 0n;
  for (const [k, prime] of primes.entries()) {
    const others = q / BigInt(prime);
    const factor = inverseModulo(residueOf(others, prime), prime);
    sum += others * BigInt(factor) * BigInt(residues[k * count + place] as number);
  }
  const least = sum % q;
  return least > q / 2n ? least - q : least;
}

interface NoiseOf {
  key: Int32Array;
  coefficients: Int32Array;
  messages: readonly bigint[];
  kernels: PolynomialKernels;
}

/** The largest magnitude of a ciphertext's noise at some coefficients, given the messages there. */
function noiseOf([b, a]: Ciphertext, { key, coefficients, messages, kernels }: NoiseOf): number {
  const [phase, masked] = [b.slice(), new Int32Array(b.length)];
  kernels.inverse(phase);
  kernels.multiplyAdd(masked, a, key);
  kernels.inverse(masked);
  const noises = messages.map((message, i) => {
    const place = coefficients[i] as number;
    const scaled = (q * message) / 2n ** 64n;
    const noise = (centered(phase, place, degree) - centered(masked, place, degree) - scaled) % q;
    const least = noise > q / 2n ? noise - q : noise < -q / 2n ? noise + q : noise;
    return Math.abs(Number(least));
  });
  return Math.max(...noises);
}

/**
 * One group of a layer's output from encryption to decryption, of an input that is uniform but for a run of the smallest element:
 * `unflooded` is the largest noise before it is flooded, of some coefficients; `noise` as `decrypt` has it.
 */
export function throughEncryption(shape: ConvolutionShape, filters: Int32Array, kernels: PolynomialKernels) {
  const packing = packingOf("layer", shape);
  const image = randomVector(inputSize(shape));
  image.fill(-(2n ** 63n), 0, image.length >> 2);
  const key = secretKey(kernels);
  const publicKey = expand(encrypt(new BigInt64Array(degree), { key, kernels }));
  const sum = emptySum();
  for (let input = 0; input < countsOf(packing).inputs; input++) {
    const ciphertext = expand(encrypt(packInput(packing, image, { slab: 0, group: input }), { key, kernels }));
    kernels.multiplyPlain(sum, packWeights(packing, filters, { input, output: 0 }), ciphertext);
  }
  const { coefficients, places } = outputPlaces(packing, { slab: 0, group: 0 });
  const whole = convolve(shape, filters, image);
  const expected = BigInt64Array.from(places, (place) => whole[place] as bigint);
  const unflooded = noiseOf(sum, {
    key,
    coefficients: coefficients.subarray(0, 40),
    messages: [...expected.subarray(0, 40)],
    kernels,
  });
  const message = randomVector(places.length);
  const product = finish(sum, { publicKey, coefficients, message, kernels });
  const { messages, noise } = decrypt(product, { key, coefficients, kernels });
  for (let i = 0; i < messages.length; i++) messages[i] = (messages[i] as bigint) + (message[i] as bigint);
  return { messages, expected, noise, unflooded, packing };
}
