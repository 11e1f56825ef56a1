import { inverseModulo, multiplyModulo, powerModulo, reciprocalOf } from "./modular.ts";
import { degree, moduli } from "./parameters.ts";
import type { PolynomialKernels, Residues } from "./polynomials.ts";
import { residuesOf } from "./residues.ts";

/*
 * The number-theoretic transform of x^degree + 1 (Longa & Naehrig, "Speeding up the Number Theoretic Transform for Faster
 * Ideal Lattice-Based Cryptography", CANS 2016): with ψ of order 2·degree, place i has the value at ψ^(2·reversed(i) + 1).
 */

/** Powers of a root in the order in which butterflies take them, each with itself over the prime, a little too small. */
interface Powers {
  roots: Int32Array;
  quotients: Float64Array;
}

interface Tables {
  prime: number;
  reciprocal: number;
  forward: Powers;
  inverse: Powers;
  /** 1 / degree. */
  scale: number;
}

const bits = Math.log2(degree);

/** An index with its bits in reverse. */
export const reversed = (index: number): number => {
  let out = 0;
  for (let bit = 0; bit < bits; bit++) out |= ((index >> bit) & 1) << (bits - 1 - bit);
  return out;
};

export function powersOf(root: number, prime: number): Powers {
  const reciprocal = reciprocalOf(prime);
  const roots = new Int32Array(degree);
  for (let i = 0, power = 1; i < degree; i++) {
    roots[reversed(i)] = power;
    power = multiplyModulo(power, root, prime, reciprocal);
  }
  return { roots, quotients: Float64Array.from(roots, (each) => each * reciprocal) };
}

let known: readonly Tables[] | undefined;

const tables = (): readonly Tables[] => {
  known ??= moduli.map(({ prime, root }) => ({
    prime,
    reciprocal: reciprocalOf(prime),
    forward: powersOf(root, prime),
    inverse: powersOf(powerModulo(root, 2 * degree - 1, prime), prime),
    scale: inverseModulo(degree, prime),
  }));
  return known;
};

/** All of one prime's butterflies in one function: a call each would take twice as long. */
function forward(x: Int32Array, { prime, forward: { roots, quotients } }: Tables): void {
  for (let groups = 1, half = degree >> 1; groups < degree; groups <<= 1, half >>= 1) {
    for (let group = 0; group < groups; group++) {
      const root = roots[groups + group] as number;
      const quotient = quotients[groups + group] as number;
      const start = 2 * half * group;
      for (let j = start; j < start + half; j++) {
        const [a, b] = [x[j] as number, x[j + half] as number];
        let product = (Math.imul(b, root) - Math.imul((b * quotient) | 0, prime)) | 0;
        if (product >= prime) product -= prime;
        const sum = a + product - prime;
        const difference = a - product;
        x[j] = sum + (prime & (sum >> 31));
        x[j + half] = difference + (prime & (difference >> 31));
      }
    }
  }
}

function inverse(x: Int32Array, { prime, reciprocal, inverse: { roots, quotients }, scale }: Tables): void {
  for (let groups = degree >> 1, half = 1; groups >= 1; groups >>= 1, half <<= 1) {
    for (let group = 0; group < groups; group++) {
      const root = roots[groups + group] as number;
      const quotient = quotients[groups + group] as number;
      const start = 2 * half * group;
      for (let j = start; j < start + half; j++) {
        const [a, b] = [x[j] as number, x[j + half] as number];
        const sum = a + b - prime;
        x[j] = sum + (prime & (sum >> 31));
        const difference = a - b + (prime & ((a - b) >> 31));
        const product = (Math.imul(difference, root) - Math.imul((difference * quotient) | 0, prime)) | 0;
        x[j + half] = product >= prime ? product - prime : product;
      }
    }
  }
  for (let j = 0; j < degree; j++) x[j] = multiplyModulo(x[j] as number, scale, prime, reciprocal);
}

function multiplyAdd(sum: Residues, a: Residues, b: Residues): void {
  for (let first = 0; first < sum.length; first += degree) {
    const { prime, reciprocal } = tables()[first / degree] as Tables;
    for (let i = first; i < first + degree; i++) {
      const product = multiplyModulo(a[i] as number, b[i] as number, prime, reciprocal);
      const added = (sum[i] as number) + product - prime;
      sum[i] = added + (prime & (added >> 31));
    }
  }
}

const eachPrime = (x: Residues, transform: (part: Int32Array, of: Tables) => void): void => {
  for (let first = 0; first < x.length; first += degree)
    transform(x.subarray(first, first + degree), tables()[first / degree] as Tables);
};

/** The oracle, in JavaScript: some 200 µs a transform modulo one prime. */
export const portablePolynomials: PolynomialKernels = {
  forward: (residues) => eachPrime(residues, forward),
  inverse: (values) => eachPrime(values, inverse),
  multiplyAdd,
  multiplyPlain(sums, plain, parts) {
    const values = residuesOf(plain);
    eachPrime(values, forward);
    for (const [i, sum] of sums.entries()) multiplyAdd(sum, values, parts[i] as Residues);
  },
};
