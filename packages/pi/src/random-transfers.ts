import type { SeedPairs } from "./base-ot.ts";
import type { RowReceiver, RowSender } from "./correlated-ot.ts";
import type { Delta, Labels } from "./labels.ts";
import { noShift } from "./transfer-hash.ts";

/*
 * Random oblivious transfers: correlated rows, hashed. The sender has two strings of 128 bits each, the receiver the one of its
 * choice bit. They come in groups of one length, a multiple of 32, each hashed under a key of its own: see transfer-hash.ts.
 */

/** The strings of transfers at their sender. */
export interface SentStrings {
  zeros: Labels;
  ones: Labels;
}

/** What a receiver sends for its choices, and the strings that they give. */
export interface ReceivedStrings {
  corrections: Int32Array;
  strings: Labels;
}

/** The sender's end. */
export interface RandomSender {
  /** Takes the corrections, as many as the receiver sent. */
  extend(corrections: Int32Array, keys: Uint8Array): SentStrings | Promise<SentStrings>;
}

/** The receiver's end. */
export interface RandomReceiver {
  /** For choice bits, 32 a word. */
  extend(choices: Int32Array, keys: Uint8Array): ReceivedStrings | Promise<ReceivedStrings>;
}

/** Rows of transfers at one level, and their hash. */
export interface RowKernels {
  /** `seeds`: of each base transfer the seed that Δ's bit chose; `from`: the word of their streams to go on at, the first unless given. */
  sender(delta: Delta, seeds: readonly Uint8Array[], from?: number): RowSender;
  receiver(seeds: SeedPairs, from?: number): RowReceiver;
  /** H(row ⊕ shift, j) of rows in groups of one length, a multiple of 32, the key j of each group in turn. */
  hashRows(keys: Uint8Array, rows: Labels, shift: Delta): Labels;
}

/** Transfers whose rows are hashed at once. */
export interface RandomTransferKernels {
  randomSender(delta: Delta, seeds: readonly Uint8Array[], from?: number): RandomSender;
  randomReceiver(seeds: SeedPairs, from?: number): RandomReceiver;
}

/** Both ends in the thread that asks, by one level's rows and hash. */
export const randomTransfersBy = ({ sender, receiver, hashRows }: RowKernels): RandomTransferKernels => ({
  randomSender(delta, seeds, from) {
    const rowsOf = sender(delta, seeds, from);
    return {
      extend(corrections, keys) {
        const rows = rowsOf.extend(corrections, corrections.length / 4);
        return { zeros: hashRows(keys, rows, noShift), ones: hashRows(keys, rows, delta) };
      },
    };
  },
  randomReceiver(seeds, from) {
    const rowsOf = receiver(seeds, from);
    return {
      extend(choices, keys) {
        const { corrections, labels } = rowsOf.extend(choices);
        return { corrections, strings: hashRows(keys, labels, noShift) };
      },
    };
  },
});
