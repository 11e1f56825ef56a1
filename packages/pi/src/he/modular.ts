/*
 * Arithmetic modulo a prime below 2^30 in numbers: the quotient from a product in floating point, the remainder from its low 32
 * bits. The reciprocal is a little too small, so a quotient is never too large, and at most one too small.
 */

/** A bit less than 1 / prime, for the functions here. */
export const reciprocalOf = (prime: number): number => (1 - 2 ** -50) / prime;

/** a·b mod prime, for a and b from 0 to 2^30. */
export function multiplyModulo(a: number, b: number, prime: number, reciprocal: number): number {
  const remainder = (Math.imul(a, b) - Math.imul((a * b * reciprocal) | 0, prime)) | 0;
  return remainder >= prime ? remainder - prime : remainder;
}

/** An integer from 0 to 2^32 mod prime. */
export function reduceWord(word: number, prime: number, reciprocal: number): number {
  const remainder = word - ((word * reciprocal) | 0) * prime;
  return remainder >= prime ? remainder - prime : remainder;
}

/** value mod prime, of any integer. */
export function residueOf(value: bigint, prime: number): number {
  const remainder = Number(value % BigInt(prime));
  return remainder < 0 ? remainder + prime : remainder;
}

export function powerModulo(base: number, exponent: number, prime: number): number {
  const reciprocal = reciprocalOf(prime);
  let [power, square] = [1, base];
  for (let left = exponent; left > 0; left >>>= 1) {
    if (left & 1) power = multiplyModulo(power, square, prime, reciprocal);
    square = multiplyModulo(square, square, prime, reciprocal);
  }
  return power;
}

export const inverseModulo = (value: number, prime: number): number => powerModulo(value, prime - 2, prime);
