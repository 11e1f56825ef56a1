import { ChannelError } from "../channel.ts";
import { seedBytes } from "../random.ts";
import { degree, primes, sentPrimes } from "./parameters.ts";
import type { Residues } from "./polynomials.ts";

/* Residues as they are sent: 30 bits each, 16 of them in 15 words; `count` for each prime, what a multiple of 16 lacks as zeros. */

const packedWords = 15;
const packedResidues = 16;

/** Bytes of so many residues. */
export const residueBytes = (count: number): number => 4 * packedWords * Math.ceil(count / packedResidues);

/** Bytes of a ciphertext as it is sent to the server, its second half as a seed. */
export const ciphertextBytes = seedBytes + residueBytes(primes.length * degree);

/** Bytes of a product as it is sent to the client, of whose first half so many coefficients are read. */
export const productBytes = (coefficients: number): number => residueBytes(sentPrimes * (degree + coefficients));

export function packResidues(residues: Residues): Uint8Array {
  const words = new Int32Array(residueBytes(residues.length) / 4);
  const filled = new Int32Array((words.length / packedWords) * packedResidues);
  filled.set(residues);
  for (let from = 0, to = 0; to < words.length; from += packedResidues, to += packedWords) {
    for (let j = 0; j < packedWords; j++)
      words[to + j] = ((filled[from + j] as number) >>> (2 * j)) | ((filled[from + j + 1] as number) << (30 - 2 * j));
  }
  return new Uint8Array(words.buffer);
}

export function unpackResidues(bytes: Uint8Array, count: number): Residues {
  const words = new Int32Array(bytes.slice().buffer);
  const out = new Int32Array((words.length / packedWords) * packedResidues);
  const mask = 2 ** 30 - 1;
  for (let from = 0, to = 0; from < words.length; from += packedWords, to += packedResidues) {
    out[to] = (words[from] as number) & mask;
    for (let j = 1; j < packedWords; j++)
      out[to + j] =
        (((words[from + j - 1] as number) >>> (32 - 2 * j)) | ((words[from + j] as number) << (2 * j))) & mask;
    out[to + packedWords] = (words[from + packedWords - 1] as number) >>> 2;
  }
  return out.subarray(0, count);
}

/** @throws ChannelError naming the peer where one of its residues, `count` for each prime, is not below its prime */
export function requireResidues(residues: Residues, { count, peer }: { count: number; peer: string }): Residues {
  for (let first = 0, k = 0; first < residues.length; first += count, k++) {
    const prime = primes[k] as number;
    for (let i = first; i < first + count; i++)
      if ((residues[i] as number) >= prime)
        throw new ChannelError("malformed", `the ${peer} sent a number that is no residue of its prime`);
  }
  return residues;
}
