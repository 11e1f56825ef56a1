import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import type { Kernels } from "../kernels.ts";
import { randomWords } from "../random.ts";
import { kernelsHere } from "../test-levels.ts";
import { inverseModulo, multiplyModulo, powerModulo, reciprocalOf, residueOf } from "./modular.ts";
import { degree, moduli, primes } from "./parameters.ts";
import { portablePolynomials, reversed } from "./transform.ts";

/** Uniform residues modulo so many primes. */
const randomResidues = (count: number): Int32Array =>
  randomWords(count * degree).map((word, i) => (word >>> 2) % (primes[Math.floor(i / degree)] as number));

describe("the arithmetic of primes", () => {
  it("is BigInt's, at the ends of its range too", () => {
    for (const prime of primes) {
      const reciprocal = reciprocalOf(prime);
      const values = [0, 1, 2, prime - 1, prime - 2, ...randomWords(100).map((word) => (word >>> 2) % prime)];
      const wrong = values.flatMap((a) =>
        values.filter(
          (b) => multiplyModulo(a, b, prime, reciprocal) !== Number((BigInt(a) * BigInt(b)) % BigInt(prime)),
        ),
      );
      expect(wrong).toEqual([]);
      expect(multiplyModulo(inverseModulo(12_345, prime), 12_345, prime, reciprocal)).toBe(1);
      expect(residueOf(-1n, prime)).toBe(prime - 1);
    }
  });

  it("has roots of the order that the transform takes", () => {
    for (const { prime, root } of moduli) {
      expect(prime % (2 * degree)).toBe(1);
      expect(powerModulo(root, degree, prime)).toBe(prime - 1);
    }
  });
});

describe("the transform", () => {
  it("gives the values at the odd powers of its root", () => {
    const x = randomResidues(primes.length);
    const values = x.slice();
    portablePolynomials.forward(values);
    for (const [k, { prime, root }] of moduli.entries()) {
      const reciprocal = reciprocalOf(prime);
      for (const place of [0, 1, 4_095, 8_191]) {
        const at = powerModulo(root, 2 * reversed(place) + 1, prime);
        let value = 0;
        for (let i = degree - 1; i >= 0; i--)
          value = (multiplyModulo(value, at, prime, reciprocal) + (x[k * degree + i] as number)) % prime;
        expect(values[k * degree + place]).toBe(value);
      }
    }
  });

  it("comes back", () => {
    const x = randomResidues(3);
    const there = x.slice();
    portablePolynomials.forward(there);
    portablePolynomials.inverse(there);
    expect(isDeepStrictEqual(there, x)).toBe(true);
  });

  it("is the same at every level, and so are products", async () => {
    const [oracle, ...others] = await kernelsHere();
    for (const count of [primes.length, 3]) {
      const [x, y, z] = [randomResidues(count), randomResidues(count), randomResidues(count)];
      const all = ({ polynomials }: Kernels) => {
        const [there, back, sum] = [x.slice(), x.slice(), z.slice()];
        polynomials.forward(there);
        polynomials.inverse(back);
        polynomials.multiplyAdd(sum, x, y);
        return [there, back, sum].map(digestOf);
      };
      for (const kernels of others) expect(all(kernels)).toEqual(all(oracle));
    }
    const plain = randomWords(degree).map((word) => word >> 3);
    plain.set([2 ** 29 - 1, -(2 ** 29) + 1, 0, -1]);
    const parts = [randomResidues(primes.length), randomResidues(primes.length)];
    const sums = ({ polynomials }: Kernels) => {
      const sums = parts.map((part) => new Int32Array(part.length).fill(7));
      polynomials.multiplyPlain(sums, plain, parts);
      return sums.map(digestOf);
    };
    for (const kernels of others) expect(sums(kernels)).toEqual(sums(oracle));
  });
});

const digestOf = (residues: Int32Array): string => createHash("sha256").update(residues).digest("hex");
