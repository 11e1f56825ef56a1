import type { RingVector } from "../ring.ts";
import { inverseModulo, multiplyModulo, reciprocalOf, reduceWord, residueOf } from "./modular.ts";
import { primes, sentPrimes } from "./parameters.ts";
import type { Residues } from "./polynomials.ts";

/*
 * Numbers modulo q as their residues modulo its primes. A message m of Z_2^64 is scaled to q·m / 2^64, rounded, so that the
 * rounding adds half a unit of noise, and not, as ⌊q / 2^64⌋·m would, a message's size times a product's weights.
 */

const product = (factors: readonly number[]): bigint => factors.reduce((all, each) => all * BigInt(each), 1n);
const modulo64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** 1 / value modulo 2^64, of an odd number: five steps of Newton's. */
const inverse64 = (value: bigint): bigint => {
  let inverse = value;
  for (let step = 0; step < 6; step++) inverse = modulo64(inverse * (2n - value * inverse));
  return inverse;
};

/** Residues of integers below 2^29 in magnitude, modulo all primes. */
export function residuesOf(values: Int32Array): Residues {
  const out = new Int32Array(primes.length * values.length);
  addSmall(out, values);
  return out;
}

/** Adds integers below 2^29 in magnitude, in place. */
export function addSmall(sum: Residues, values: Int32Array): void {
  for (let first = 0, k = 0; first < sum.length; first += values.length, k++) {
    const prime = primes[k] as number;
    for (let i = 0; i < values.length; i++) {
      const added = (sum[first + i] as number) + (values[i] as number) - prime;
      const once = added + (prime & (added >> 31));
      sum[first + i] = once + (prime & (once >> 31));
    }
  }
}

/** Subtracts, in place, residues of `count` numbers modulo as many primes. */
export function subtractResidues(from: Residues, residues: Residues, count: number): void {
  for (let first = 0, k = 0; first < from.length; first += count, k++) {
    const prime = primes[k] as number;
    for (let i = first; i < first + count; i++) {
      const difference = (from[i] as number) - (residues[i] as number);
      from[i] = difference + (prime & (difference >> 31));
    }
  }
}

/** q modulo 2^64. */
const modulus64 = modulo64(product(primes));

/** Of each prime: what turns the words of −(q·m mod 2^64) into a residue of q·m / 2^64, rounded. */
const encoders = primes.map((prime) => {
  const scale = residueOf(-inverseModulo64(prime), prime);
  const high = residueOf(2n ** 32n * BigInt(scale), prime);
  return {
    prime,
    reciprocal: reciprocalOf(prime),
    low: scale,
    high,
    offset: residueOf(-(2n ** 31n) * BigInt(high), prime),
  };
});

/** 1 / 2^64 modulo a prime. */
function inverseModulo64(prime: number): bigint {
  return BigInt(inverseModulo(residueOf(2n ** 64n, prime), prime));
}

/** Adds a message, scaled to q, in place. q·m = 2^64·x + r, and q is 0 modulo each prime, so x = −r / 2^64 there. */
export function addMessage(sum: Residues, message: RingVector): void {
  const remainders = new BigInt64Array(message.length);
  for (let i = 0; i < message.length; i++) remainders[i] = (message[i] as bigint) * modulus64;
  const words = new Int32Array(remainders.buffer);
  for (let k = 0; k < primes.length; k++) {
    const { prime, reciprocal, low, high, offset } = encoders[k] as (typeof encoders)[number];
    const first = k * message.length;
    for (let i = 0; i < message.length; i++) {
      const lowWord = reduceWord((words[2 * i] as number) >>> 0, prime, reciprocal);
      const highWord = reduceWord((words[2 * i + 1] as number) + 2 ** 31, prime, reciprocal);
      let residue = multiplyModulo(lowWord, low, prime, reciprocal) + offset - prime;
      residue += prime & (residue >> 31);
      residue += multiplyModulo(highWord, high, prime, reciprocal) - prime;
      residue += prime & (residue >> 31);
      residue += (sum[first + i] as number) - prime;
      sum[first + i] = residue + (prime & (residue >> 31));
    }
  }
}

/** What is left of all primes' product when only those that are sent remain. */
const sent = primes.slice(0, sentPrimes);

const decoders = sent.map((prime) => {
  const others = residueOf(product(sent) / BigInt(prime), prime);
  return {
    prime,
    reciprocal: reciprocalOf(prime),
    factor: residueOf(2n ** 64n * BigInt(inverseModulo(others, prime)), prime),
    inverse: inverse64(BigInt(prime)),
  };
});

/**
 * The messages behind residues modulo the primes that are sent: 2^64·y / q, rounded. With z the residues of 2^64·y over q / p,
 * that is v − Σ z / p modulo 2^64, where v = Σ z / p over the reals, rounded. `noise` is the largest part of a half that the noise
 * takes: at 1 a message is lost.
 */
export function messagesOf(residues: Residues): { messages: RingVector; noise: number } {
  const count = residues.length / sent.length;
  const messages = new BigInt64Array(count);
  const fractions = new Float64Array(count);
  const parts = new BigInt64Array(count);
  for (const [k, { prime, reciprocal, factor, inverse }] of decoders.entries()) {
    for (let i = 0; i < count; i++) {
      const z = multiplyModulo(residues[k * count + i] as number, factor, prime, reciprocal);
      fractions[i] = (fractions[i] as number) + z / prime;
      parts[i] = BigInt(z);
    }
    for (let i = 0; i < count; i++) messages[i] = (messages[i] as bigint) - (parts[i] as bigint) * inverse;
  }
  let noise = 0;
  for (let i = 0; i < count; i++) {
    const whole = Math.round(fractions[i] as number);
    messages[i] = (messages[i] as bigint) + BigInt(whole);
    noise = Math.max(noise, 2 * Math.abs((fractions[i] as number) - whole));
  }
  return { messages, noise };
}

/** Residues of each number over the primes that are not sent, rounded: the modulus switched to those that are. */
export function switchModulus(residues: Residues): Residues {
  const count = residues.length / primes.length;
  const out = residues.slice();
  for (let last = primes.length - 1; last >= sentPrimes; last--) dropPrime(out, last, count);
  return out.subarray(0, sentPrimes * count);
}

/** (c − r) / p modulo the primes before the last one, p, where r is the residue of c modulo p of least magnitude. */
function dropPrime(residues: Residues, last: number, count: number): void {
  const dropped = primes[last] as number;
  const half = dropped >> 1;
  for (let k = 0; k < last; k++) {
    const prime = primes[k] as number;
    const reciprocal = reciprocalOf(prime);
    const inverse = inverseModulo(dropped % prime, prime);
    for (let i = 0; i < count; i++) {
      const rest = residues[last * count + i] as number;
      let difference = (residues[k * count + i] as number) - (rest > half ? rest - dropped : rest);
      difference += prime & (difference >> 31);
      if (difference >= prime) difference -= prime;
      residues[k * count + i] = multiplyModulo(difference, inverse, prime, reciprocal);
    }
  }
}
