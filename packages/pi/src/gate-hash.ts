import { type Cipher, createCipheriv, createHash } from "node:crypto";
import { type Delta, type Labels, labelWords } from "./labels.ts";
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
    const { nonce, layer, chunk } = name;
    this.keys = keysFrom("reluctant/pi gate hash", { nonce, place: [layer, chunk], count: 2 * ands });
  }

  /** AES_j of each block σ(x), j the key of that half of that gate, into `out`. Added to the block it is H(x, j). */
  encrypt(gate: number, half: 0 | 1, blocks: Uint8Array, out: Uint8Array): void {
    const at = (2 * gate + half) * seedBytes;
    out.set(ecb(this.keys.subarray(at, at + seedBytes)).update(blocks));
  }
}

/** AES of 0, 1, 2, … under a key from domain, nonce and place, so that those of one place differ for certain. */
export function keysFrom(
  domain: string,
  { nonce, place, count }: { nonce: Uint8Array; place: readonly number[]; count: number },
): Uint8Array {
  const bytes = new Uint8Array(Uint32Array.from(place).buffer);
  const key = createHash("sha256").update(domain).update(nonce).update(bytes).digest();
  const counters = new Uint32Array(count * 4);
  for (let i = 0; i < count; i++) counters[4 * i] = i;
  return ecb(key.subarray(0, seedBytes)).update(new Uint8Array(counters.buffer));
}

/** @throws RangeError where a group, one for each key, has more rows than may share one */
export function requireRowsPerKey(keys: Uint8Array, rows: Labels): void {
  const length = rows.length / labelWords / (keys.length / seedBytes);
  if (length <= maximumUnitsPerKey) return;
  throw new RangeError(`a group has ${length} rows: at most ${maximumUnitsPerKey} may share a key`);
}

/** H(row ⊕ shift, j) of rows in groups of one length, the key j of each group in turn. */
export function hashRows(keys: Uint8Array, rows: Labels, shift: Delta): Labels {
  requireRowsPerKey(keys, rows);
  const groups = keys.length / seedBytes;
  const words = rows.length / groups;
  const [s0, s1, s2, s3] = shift as unknown as [number, number, number, number];
  const out = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at += labelWords) {
    const [x0, x1] = [(rows[at] as number) ^ s0, (rows[at + 1] as number) ^ s1];
    out[at] = x0 ^ (rows[at + 2] as number) ^ s2;
    out[at + 1] = x1 ^ (rows[at + 3] as number) ^ s3;
    out[at + 2] = x0;
    out[at + 3] = x1;
  }
  for (let group = 0; group < groups; group++) {
    const blocks = out.subarray(group * words, (group + 1) * words);
    const cipher = ecb(keys.subarray(group * seedBytes, (group + 1) * seedBytes));
    const encrypted = cipher.update(new Uint8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength));
    const added = new Int32Array(encrypted.buffer, encrypted.byteOffset, words);
    for (let i = 0; i < words; i++) blocks[i] = (blocks[i] as number) ^ (added[i] as number);
  }
  return out;
}

function ecb(key: Uint8Array): Cipher {
  const cipher = createCipheriv("aes-128-ecb", key, null);
  cipher.setAutoPadding(false);
  return cipher;
}
