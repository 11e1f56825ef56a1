/**
 * Residues of polynomials, [prime][coefficient] in one array, or in their place the values that the transform gives,
 * [prime][place]; of the first primes, as many as the array has. Each is from 0 to below its prime.
 */
export type Residues = Int32Array;

/** What takes the time of encrypted linear layers, at one level. All levels give the same numbers. */
export interface PolynomialKernels {
  /** Coefficients to values at the roots of x^degree + 1, in place: products of values are those of polynomials. */
  forward(residues: Residues): void;
  /** Values to coefficients, in place. */
  inverse(values: Residues): void;
  /** sum + a·b of values, into `sum`. */
  multiplyAdd(sum: Residues, a: Residues, b: Residues): void;
  /** sums[i] + plain·parts[i] of values, into `sums`; `plain` has the coefficients of a polynomial, each below 2^29 in magnitude. */
  multiplyPlain(sums: readonly Residues[], plain: Int32Array, parts: readonly Residues[]): void;
}
