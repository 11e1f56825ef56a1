import { type Cipher, createCipheriv, createHash } from "node:crypto";
import { seedBytes } from "./random.ts";

/**
 * How many units may share one key. What an adversary gains grows linearly with how often a key hashes, so a chunk of 2^14
 * units costs at most 14 of the 128 bits (Guo, Katz, Wang, Weng & Yu, "Better Concrete Security for Half-Gates Garbling (in the
 * Multi-Instance Setting)", CRYPTO 2020, who give each gate of each instance its own).
 */
export const maximumUnitsPerKey = 2 ** 14;

/** What names a chunk of garbled units; no two chunks of any inference have the same. */
export interface ChunkName {
  /** The inference's public nonce. */
  nonce: Uint8Array;
  /** The ReLU layer's place in the network. */
  layer: number;
  /** The chunk's place among those of its layer. */
  chunk: number;
}

/**
 * The hash of half-gates: H(x, j) = AES_j(σ(x)) ⊕ σ(x), where σ(l ‖ r) = (l ⊕ r) ‖ l is a linear orthomorphism (Guo et al.,
 * "Efficient and Secure Multiparty Computation from Fixed-Key Block Ciphers", S&P 2020). The key j is public and belongs to
 * one half of one gate of one chunk: units of a chunk share it, so that AES runs over all of them in one call.
 */
export class GateHash {
  readonly name: ChunkName;
  /** Public: those of a gate's two halves, then of the next gate's. */
  readonly keys: Uint8Array;

  /** Throws where a chunk has more units than may share a key. */
  constructor(name: ChunkName, { ands, units }: { ands: number; units: number }) {
    if (units > maximumUnitsPerKey) {
      throw new RangeError(`a chunk has ${units} units: at most ${maximumUnitsPerKey} may share a key`);
    }
    this.name = name;
    this.keys = keysOf(name, ands);
  }

  /** AES_j of each block σ(x), j the key of that half of that gate, into `out`. Added to the block it is H(x, j). */
  encrypt(gate: number, half: 0 | 1, blocks: Uint8Array, out: Uint8Array): void {
    const at = (2 * gate + half) * seedBytes;
    out.set(ecb(this.keys.subarray(at, at + seedBytes)).update(blocks));
  }
}

/** Two keys a gate: AES of 0, 1, 2, … under a key from the chunk's name, so that those of a chunk differ for certain. */
function keysOf({ nonce, layer, chunk }: ChunkName, ands: number): Uint8Array {
  const place = new Uint8Array(new Uint32Array([layer, chunk]).buffer);
  const key = createHash("sha256").update("reluctant/pi gate hash").update(nonce).update(place).digest();
  const counters = new Uint32Array(2 * ands * 4);
  for (let i = 0; i < 2 * ands; i++) counters[4 * i] = i;
  return ecb(key.subarray(0, seedBytes)).update(new Uint8Array(counters.buffer));
}

function ecb(key: Uint8Array): Cipher {
  const cipher = createCipheriv("aes-128-ecb", key, null);
  cipher.setAutoPadding(false);
  return cipher;
}
