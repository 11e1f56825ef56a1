import { Keystream, randomSeed } from "../random.ts";
import { negate, type RingVector } from "../ring.ts";
import { degree, primes, sentPrimes } from "./parameters.ts";
import type { PolynomialKernels, Residues } from "./polynomials.ts";
import { addMessage, addSmall, messagesOf, residuesOf, subtractResidues, switchModulus } from "./residues.ts";
import { addFlood, error, ternary, uniform } from "./sampler.ts";

/*
 * BFV under a secret key of the client's. A ciphertext is two polynomials modulo q, b and a, with b − a·s the scaled message and
 * noise. Fresh ones have a uniform a, sent as the seed that it came from.
 */

/** Its values modulo all primes. */
export type SecretKey = Residues;

/** Both polynomials' values. */
export type Ciphertext = readonly [b: Residues, a: Residues];

/** A fresh one, as it is sent. */
export interface SeededCiphertext {
  seed: Uint8Array;
  b: Residues;
}

export function secretKey(kernels: PolynomialKernels): SecretKey {
  const key = residuesOf(ternary(new Keystream(randomSeed())));
  kernels.forward(key);
  return key;
}

/** Of a message, one element a coefficient. Of zeros it is a public key. */
export function encrypt(
  message: RingVector,
  { key, kernels }: { key: SecretKey; kernels: PolynomialKernels },
): SeededCiphertext {
  const seed = randomSeed();
  const b = residuesOf(error(new Keystream(randomSeed())));
  addMessage(b, message);
  kernels.forward(b);
  kernels.multiplyAdd(b, uniform(new Keystream(seed)), key);
  return { seed, b };
}

export const expand = ({ seed, b }: SeededCiphertext): Ciphertext => [b, uniform(new Keystream(seed))];

/** A sum of products with weights, at first zero. */
export const emptySum = (): Ciphertext => [
  new Int32Array(primes.length * degree),
  new Int32Array(primes.length * degree),
];

/** What is sent of a sum: a's coefficients, and b's that are read, modulo the primes that are sent. */
export interface Product {
  b: Residues;
  a: Residues;
}

/**
 * Finishes a sum, whose memory it takes: adds an encryption of zero under the public key, so that a shows nothing of the
 * weights, subtracts a message from the coefficients that are read, floods their noise, and switches to fewer primes.
 */
export function finish(
  sum: Ciphertext,
  {
    publicKey,
    coefficients,
    message,
    kernels,
  }: { publicKey: Ciphertext; coefficients: Int32Array; message: RingVector; kernels: PolynomialKernels },
): Product {
  const stream = new Keystream(randomSeed());
  kernels.multiplyPlain(sum, ternary(stream), publicKey);
  for (const part of sum) kernels.inverse(part);
  const [b, a] = sum;
  addSmall(a, error(stream));
  const read = gatherResidues(b, coefficients);
  addMessage(read, negate(message));
  addFlood(read, coefficients.length, stream);
  return { b: switchModulus(read), a: switchModulus(a) };
}

/** The messages of a product's coefficients that are read, and the part of a half that noise took: see `messagesOf`. */
export function decrypt(
  { b, a }: Product,
  { key, coefficients, kernels }: { key: SecretKey; coefficients: Int32Array; kernels: PolynomialKernels },
): { messages: RingVector; noise: number } {
  const values = a.slice();
  kernels.forward(values);
  const masked = new Int32Array(sentPrimes * degree);
  kernels.multiplyAdd(masked, values, key.subarray(0, masked.length));
  kernels.inverse(masked);
  const phase = b.slice();
  subtractResidues(phase, gatherResidues(masked, coefficients), coefficients.length);
  return messagesOf(phase);
}

/** The residues of some coefficients. */
function gatherResidues(residues: Residues, coefficients: Int32Array): Residues {
  const count = coefficients.length;
  const out = new Int32Array((residues.length / degree) * count);
  for (let k = 0; k * degree < residues.length; k++)
    for (let i = 0; i < count; i++) out[k * count + i] = residues[k * degree + (coefficients[i] as number)] as number;
  return out;
}
