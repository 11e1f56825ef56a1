/*
 * Parameters of the encryption, BFV (Brakerski 2012; Fan & Vercauteren 2012) over Z_q[x] / (x^degree + 1) with q a product
 * of primes. With 8,192 coefficients, a ternary secret and errors of σ ≈ 3.2, 128 bits of security allow 218 bits of q and
 * 192 bits allow 152 (Albrecht et al., "Homomorphic Encryption Standard", homomorphicencryption.org 2018, table 1). Ours has
 * 150. Messages are modulo 2^64, as shares are.
 */

/** Coefficients of a polynomial. */
export const degree = 8192;

/**
 * Factors of q: the five largest below 2^30 that are 1 modulo twice the degree, so that a product of two has 60 bits and twice
 * a residue is a signed 32-bit number; each with a primitive root of unity of order 2·degree, which its transform takes.
 */
export const moduli = [
  { prime: 1_073_692_673, root: 1_035_643_497 },
  { prime: 1_073_643_521, root: 235_155_491 },
  { prime: 1_073_479_681, root: 87_457_091 },
  { prime: 1_073_430_529, root: 763_650_354 },
  { prime: 1_073_299_457, root: 286_201_539 },
] as const;

export const primes: readonly number[] = moduli.map(({ prime }) => prime);

/** How many of them, the first ones, a product has left when it is sent: 90 bits hold its message, and fewer primes fewer bytes. */
export const sentPrimes = 3;

/**
 * The server adds noise uniform in [−2^floodBits, 2^floodBits) to each coefficient that it sends, whatever the layer. It is all
 * that q has room for, so that the layer's own noise may have up to `floodBits − statisticalBits` bits.
 */
export const floodBits = 83;

/** By how many bits the flood exceeds what it hides: two inferences differ by a statistical distance of 2^-40 a coefficient. */
export const statisticalBits = 40;

/** Errors are a sum of so many random bits less as many others: σ = √(21/2) = 3.24, at most 21. */
export const largestError = 21;
