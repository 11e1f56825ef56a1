import { type Cipher, createCipheriv, randomBytes, randomFillSync } from "node:crypto";
import type { RingVector } from "./ring.ts";

/** Bytes of a seed, a key and a label: the security parameter κ = 128. */
export const seedBytes = 16;

/** A seed from the operating system. */
export const randomSeed = (): Uint8Array => new Uint8Array(randomBytes(seedBytes));

/** Uniform ring elements: the mask that makes a share of any value look uniform. */
export const randomVector = (length: number): RingVector => randomFillSync(new BigInt64Array(length));

/** Uniform 32-bit words. */
export const randomWords = (length: number): Int32Array => randomFillSync(new Int32Array(length));

/** Of a block of AES. */
const blockWords = 4;

/** A pseudo-random generator: AES-128 in counter mode under a secret seed. Two that have one seed give the same stream. */
export class Keystream {
  readonly #cipher: Cipher;

  /** From a word of the stream on. */
  constructor(seed: Uint8Array, from = 0) {
    const counter = Buffer.alloc(blockWords * 4);
    counter.writeBigUInt64BE(BigInt(Math.floor(from / blockWords)), 8);
    this.#cipher = createCipheriv("aes-128-ctr", seed, counter);
    this.words(from % blockWords);
  }

  /** The next words of the stream. */
  words(length: number): Int32Array {
    const bytes = this.#cipher.update(new Uint8Array(4 * length));
    return new Int32Array(bytes.buffer, bytes.byteOffset, length);
  }

  /** The next ring elements of the stream. */
  vector(length: number): RingVector {
    const words = this.words(2 * length);
    return new BigInt64Array(words.buffer as ArrayBuffer, words.byteOffset, length);
  }
}
