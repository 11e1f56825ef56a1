import { keysFrom } from "./gate-hash.ts";

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
