import { xorOf } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import type { GmwMaterial } from "./gmw-preparation.ts";
import { add, type RingVector, subtract } from "./ring.ts";

/*
 * d·x for a shared bit d and a shared ring element x = c + s, by a transfer each way (Rathee et al., "CrypTFlow2", CCS 2020,
 * §3.1.2): d·c = d_c·c + d_s·(1 − 2·d_c)·c, and the second product is a transfer of the client's by the server's bit.
 */

/** −1 where the unit's bit is 1, else 0. */
export function masksOf(slice: Int32Array, units: number): RingVector {
  const words = new Int32Array(2 * units);
  for (let i = 0; i < units; i++) words[2 * i] = words[2 * i + 1] = -(((slice[i >> 5] as number) >>> (i & 31)) & 1);
  return new BigInt64Array(words.buffer);
}

/** v where the mask is −1, else 0. */
export const masked = (v: RingVector, mask: RingVector): RingVector => {
  const out = new BigInt64Array(v.length);
  for (let i = 0; i < v.length; i++) out[i] = (v[i] as bigint) & (mask[i] as bigint);
  return out;
};

/** Turns this party's random choices into its bits: the peer learns by which they differ, and that hides them. */
export async function exchangeFlips(peer: Channel, { choices }: GmwMaterial, bit: Int32Array): Promise<Int32Array> {
  const own = xorOf(choices, bit);
  const [received] = await Promise.all([peer.receive("flips", own.byteLength), peer.send("flips", own)]);
  return new Int32Array(received.buffer);
}

/** What a party sends by its peer's bit, and its own share of the product, that of d_own·x included. */
export function offerProduct(
  { pads: [zeros, ones] }: GmwMaterial,
  { x, bit, flips }: { x: RingVector; bit: Int32Array; flips: Int32Array },
): { message: RingVector; share: RingVector } {
  const [own, swapped] = [masksOf(bit, x.length), masksOf(flips, x.length)];
  const difference = masked(subtract(ones, zeros), swapped);
  const forZero = add(zeros, difference);
  const forOne = subtract(ones, difference);
  const kept = masked(x, own);
  const other = subtract(x, add(kept, kept)); // (1 − 2d)·x
  return { message: add(other, subtract(forZero, forOne)), share: subtract(kept, forZero) };
}

/** A party's share of the product whose other factor is its peer's. */
export const takeProduct = ({ chosen }: GmwMaterial, bit: Int32Array, message: RingVector): RingVector =>
  add(chosen, masked(message, masksOf(bit, message.length)));
