import { inverseModulo, powerModulo } from "./he/modular.ts";
import { degree, moduli } from "./he/parameters.ts";
import type { PolynomialKernels, Residues } from "./he/polynomials.ts";
import { powersOf } from "./he/transform.ts";
import { WasmInstance } from "./wasm.ts";

const bytes = 4 * degree;

/** Places in the memory: three operands, then for each prime its roots and their inverses with the quotients of both. */
const [x, y, z, tables] = [bytes, 2 * bytes, 3 * bytes, 4 * bytes] as const;
const tablesOf = (k: number): [number, number, number, number] => {
  const first = tables + 4 * bytes * k;
  return [first, first + bytes, first + 2 * bytes, first + 3 * bytes];
};

/** ⌊value·2^32 / prime⌋, in two halves of 16 bits, each of which is exact. */
function quotientOf(value: number, prime: number): number {
  const high = Math.floor((value * 2 ** 16) / prime);
  const rest = value * 2 ** 16 - high * prime;
  return high * 2 ** 16 + Math.floor((rest * 2 ** 16) / prime);
}

/** 1 / degree modulo a prime, its quotient, and ⌊2^61 / prime⌋. */
interface Scale {
  scale: number;
  quotient: number;
  barrett: number;
}

/** Transforms in WebAssembly: four coefficients at once. */
class WasmPolynomials implements PolynomialKernels {
  readonly #kernels: WasmInstance["kernels"];
  readonly #memory: ArrayBuffer;
  readonly #scales: readonly Scale[];

  constructor() {
    const instance = new WasmInstance();
    this.#kernels = instance.kernels;
    this.#memory = instance.reserve(tables + 4 * bytes * moduli.length);
    this.#scales = moduli.map(({ prime, root }, k) => {
      for (const [i, of] of [root, powerModulo(root, 2 * degree - 1, prime)].entries()) {
        const { roots } = powersOf(of, prime);
        const [rootsAt, quotientsAt] = tablesOf(k).slice(2 * i) as [number, number];
        this.#words(rootsAt).set(roots);
        this.#words(quotientsAt).set(roots.map((each) => quotientOf(each, prime)));
      }
      const scale = inverseModulo(degree, prime);
      return { scale, quotient: quotientOf(scale, prime), barrett: Math.floor(2 ** 61 / prime) };
    });
  }

  forward(residues: Residues): void {
    this.#eachPrime(residues, (k, prime) => {
      const [roots, quotients] = tablesOf(k);
      this.#kernels.forward(x, roots, quotients, prime, degree);
    });
  }

  inverse(values: Residues): void {
    this.#eachPrime(values, (k, prime) => {
      const [, , roots, quotients] = tablesOf(k);
      const { scale, quotient } = this.#scales[k] as Scale;
      this.#kernels.inverse(x, roots, quotients, prime, degree, scale, quotient);
    });
  }

  multiplyAdd(sum: Residues, a: Residues, b: Residues): void {
    this.#eachPrime(sum, (k, prime) => {
      this.#words(y).set(a.subarray(k * degree, (k + 1) * degree));
      this.#words(z).set(b.subarray(k * degree, (k + 1) * degree));
      const { barrett } = this.#scales[k] as Scale;
      this.#kernels.multiplyAdd(x, y, z, prime, degree, barrett);
    });
  }

  multiplyPlain(sums: readonly Residues[], plain: Int32Array, parts: readonly Residues[]): void {
    for (const [k, { prime }] of moduli.entries()) {
      const values = this.#words(x);
      for (let i = 0; i < degree; i++) {
        const value = plain[i] as number;
        values[i] = value + (prime & (value >> 31));
      }
      const [roots, quotients] = tablesOf(k);
      this.#kernels.forward(x, roots, quotients, prime, degree);
      const { barrett } = this.#scales[k] as Scale;
      for (const [i, sum] of sums.entries()) {
        const ofPrime = sum.subarray(k * degree, (k + 1) * degree);
        this.#words(y).set(ofPrime);
        this.#words(z).set((parts[i] as Residues).subarray(k * degree, (k + 1) * degree));
        this.#kernels.multiplyAdd(y, x, z, prime, degree, barrett);
        ofPrime.set(this.#words(y));
      }
    }
  }

  /** Has the words of each prime at `x`, and takes them back. */
  #eachPrime(residues: Residues, run: (k: number, prime: number) => void): void {
    for (let first = 0, k = 0; first < residues.length; first += degree, k++) {
      const words = this.#words(x);
      words.set(residues.subarray(first, first + degree));
      run(k, (moduli[k] as (typeof moduli)[number]).prime);
      residues.set(words, first);
    }
  }

  #words(at: number): Int32Array {
    return new Int32Array(this.#memory, at, degree);
  }
}

let kept: WasmPolynomials | undefined;

/** Made where they are first used, for their roots take some milliseconds. */
const own = (): WasmPolynomials => {
  kept ??= new WasmPolynomials();
  return kept;
};

export const wasmPolynomials: PolynomialKernels = {
  forward: (residues) => own().forward(residues),
  inverse: (values) => own().inverse(values),
  multiplyAdd: (sum, a, b) => own().multiplyAdd(sum, a, b),
  multiplyPlain: (sums, plain, parts) => own().multiplyPlain(sums, plain, parts),
};
