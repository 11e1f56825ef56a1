import { filterSize } from "../convolution.ts";
import { type LinearWeights, type PrivateNetwork, type Step, type StepOf, stepsOf } from "../network.ts";
import { type Packing, packingOf } from "./packing.ts";
import { degree, floodBits, largestError, primes, sentPrimes, statisticalBits } from "./parameters.ts";
import { asFilters, asLinear } from "./quadratic.ts";

/** Thrown where a layer's weights are too large for the noise that they make. */
export class NoiseError extends Error {
  override name = "NoiseError";
}

/** What a fixed-point weight's magnitude must be below, so that sums of a few on one coefficient fit, too. */
const largestWeight = 2 ** 26;

/** Of a fresh ciphertext: its error, and half a unit for the rounding of the scaled message. */
const freshNoise = largestError + 0.5;

/** Of the encryption of zero that hides the weights: the key's error times a ternary polynomial, and an error times the secret. */
const rerandomizationNoise = 2 * degree * largestError;

/** Of switching: half a unit a prime that is left out, for b and for each of the secret's coefficients, over those left out later. */
const switchingNoise = (degree + 1) / 2 + 1;

/** The largest noise of a product before it is flooded: the sum of its weights' magnitudes times a fresh one's, and what hides them. */
export function worstNoise({ shape, channelsOut }: Packing, filters: Int32Array): number {
  const group = channelsOut * filterSize(shape);
  let largest = 0;
  for (let first = 0; first < filters.length; first += group) {
    const sum = filters.subarray(first, first + group).reduce((total, weight) => total + Math.abs(weight), 0);
    largest = Math.max(largest, sum);
  }
  return largest * freshNoise + rerandomizationNoise;
}

/** What the flood hides at most. */
export const hiddenNoise = 2 ** (floodBits - statisticalBits);

/** The part of a half of q that noise takes at worst when a product is decrypted: below 1 every message is exact. */
export function worstNoiseWhenDecrypted(): number {
  const bits = (count: number) => primes.slice(0, count).reduce((sum, prime) => sum + Math.log2(prime), 0);
  const flooded = (2 ** floodBits + hiddenNoise) * 2 ** (65 - bits(primes.length));
  return flooded + switchingNoise * 2 ** (65 - bits(sentPrimes));
}

/** @throws NoiseError naming the layer whose noise the flood would not hide; PackingError for one that does not fit into polynomials */
export function requireEncryptable(network: PrivateNetwork): void {
  const filtersOf = ({ name }: Step) => (network.weights.get(name) as LinearWeights).filters;
  for (const step of stepsOf(network.architecture, "linear")) requireLayer(step, filtersOf(step));
  for (const step of stepsOf(network.architecture, "quadratic"))
    if (step.coefficients === "secret") requireLayer(asLinear(step), asFilters(step, filtersOf(step)));
}

function requireLayer({ name, shape }: StepOf<"linear">, filters: Int32Array): void {
  if (filters.some((weight) => Math.abs(weight) >= largestWeight))
    throw new NoiseError(`a weight of "${name}" has 26 bits or more: encrypted linear layers take smaller ones`);
  const noise = worstNoise(packingOf(name, shape), filters);
  if (noise <= hiddenNoise) return;
  throw new NoiseError(
    `the weights of "${name}" make up to 2^${Math.log2(noise).toFixed(1)} of noise: encrypted linear layers hide 2^${floodBits - statisticalBits}`,
  );
}
