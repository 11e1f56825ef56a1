import type { Keystream } from "../random.ts";
import { multiplyModulo, reciprocalOf } from "./modular.ts";
import { degree, floodBits, largestError, primes } from "./parameters.ts";
import type { Residues } from "./polynomials.ts";

/* Random polynomials from a stream under a seed of the operating system's. */

/** Uniform modulo q: 30 bits for each residue, and again where they are no residue. */
export function uniform(stream: Keystream): Residues {
  const out = new Int32Array(primes.length * degree);
  for (const [k, prime] of primes.entries()) fill(out.subarray(k * degree, (k + 1) * degree), prime, stream);
  return out;
}

function fill(target: Int32Array, prime: number, stream: Keystream): void {
  for (let filled = 0; filled < target.length; ) {
    const words = stream.words(target.length - filled);
    for (let i = 0; i < words.length; i++) {
      const residue = (words[i] as number) & 0x3fffffff;
      if (residue < prime) target[filled++] = residue;
    }
  }
}

/** −1, 0 and 1, as often as each other. */
export function ternary(stream: Keystream): Int32Array {
  const out = new Int32Array(degree);
  for (let filled = 0; filled < degree; ) {
    for (const word of stream.words(degree / 8)) {
      for (let bit = 0; bit < 32 && filled < degree; bit += 2) {
        const two = (word >>> bit) & 3;
        if (two < 3) out[filled++] = two - 1;
      }
    }
  }
  return out;
}

/** The centered binomial distribution, in a Gaussian's place (Alkim, Ducas, Pöppelmann & Schwabe, USENIX Security 2016). */
export function error(stream: Keystream): Int32Array {
  const words = stream.words(2 * degree);
  const mask = 2 ** largestError - 1;
  const out = new Int32Array(degree);
  for (let i = 0; i < degree; i++)
    out[i] = ones((words[2 * i] as number) & mask) - ones((words[2 * i + 1] as number) & mask);
  return out;
}

/** How many bits of a word are 1. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

const limbBits = (floodBits + 1) / 3;

/** Adds noise uniform in [−2^floodBits, 2^floodBits) to each of `count` numbers modulo q, in place. */
export function addFlood(sum: Residues, count: number, stream: Keystream): void {
  const limbs = stream.words(3 * count);
  for (let i = 0; i < limbs.length; i++) limbs[i] = (limbs[i] as number) & (2 ** limbBits - 1);
  for (const [k, prime] of primes.entries()) {
    const reciprocal = reciprocalOf(prime);
    const middle = 2 ** limbBits;
    const high = multiplyModulo(middle, middle, prime, reciprocal);
    const offset = prime - multiplyModulo(high, 2 ** (limbBits - 1), prime, reciprocal);
    for (let i = 0; i < count; i++) {
      let residue = (limbs[3 * i] as number) + offset - prime;
      residue += prime & (residue >> 31);
      residue += multiplyModulo(limbs[3 * i + 1] as number, middle, prime, reciprocal) - prime;
      residue += prime & (residue >> 31);
      residue += multiplyModulo(limbs[3 * i + 2] as number, high, prime, reciprocal) - prime;
      residue += prime & (residue >> 31);
      residue += (sum[k * count + i] as number) - prime;
      sum[k * count + i] = residue + (prime & (residue >> 31));
    }
  }
}
