import { keysFrom } from "./gate-hash.ts";
import { type Delta, type Labels, labelWords } from "./labels.ts";
import type { RingVector } from "./ring.ts";

/** What names a batch of random transfers; no two batches of any inference have the same. */
export interface TransferName {
  /** The inference's public nonce. */
  nonce: Uint8Array;
  layer: number;
  chunk: number;
  /** Who has the two strings of each transfer. */
  sender: "client" | "server";
}

/**
 * Keys of the hash that turns correlated rows into random transfers, one for each group of rows: the same H as the gates',
 * in another domain, so that what a label hashes to there says nothing of what a row does here. The bound of rows a key
 * is the gates' of units.
 */
export const transferKeys = ({ nonce, layer, chunk, sender }: TransferName, groups: number): Uint8Array =>
  keysFrom(`reluctant/pi transfer hash, sender ${sender}`, { nonce, place: [layer, chunk], count: groups });

/** What is added to rows that are hashed as they are. */
export const noShift: Delta = new Int32Array(labelWords);

/** The low 64 bits of the first strings of a group, as ring elements; a group has 32·stride. */
export function elementsOf(
  strings: Labels,
  { group, stride, count }: { group: number; stride: number; count: number },
): RingVector {
  const at = 32 * labelWords * stride * group;
  const halves = new BigInt64Array(strings.buffer, strings.byteOffset + 4 * at, 2 * count);
  const out = new BigInt64Array(count);
  for (let i = 0; i < count; i++) out[i] = halves[2 * i] as bigint;
  return out;
}
