import { baseTransfers, type SeedPairs } from "./base-ot.ts";
import type { Delta, Labels } from "./labels.ts";
import { Keystream } from "./random.ts";

/*
 * Correlated oblivious transfer by extension (Ishai, Kilian, Nissim & Petrank, "Extending Oblivious Transfers Efficiently",
 * CRYPTO 2003; correlated: Asharov, Lindell, Schneider & Zohner, CCS 2013). The sender holds Δ, the receiver choice bits r.
 * After one message of 16 bytes a transfer the sender has a row q and the receiver t = q ⊕ r·Δ. In free-XOR these are a
 * wire's label for 0 and its label for r: the rows need no hash and no second message, and are labels at once.
 */

/** Bytes that a transfer takes on the channel. */
export const transferBytes = baseTransfers / 8;

/** Columns of bits to rows: `transposeColumns` of bits.ts, or one that is faster. */
export type Transpose = (columns: Int32Array, rows: number) => Int32Array;

/** The garbler's end of the transfers. */
export interface RowSender {
  /** The rows, labels for 0, of transfers whose corrections the receiver sent. Their number is a multiple of 32. */
  extend(corrections: Int32Array, transfers: number): Labels;
}

/** The evaluator's end. */
export interface RowReceiver {
  /** For choice bits, 32 a word: the corrections to send, and the labels that the choices give. */
  extend(choices: Int32Array): { corrections: Int32Array; labels: Labels };
}

/** The garbler's end. Its columns are streams: each call goes on where the last one ended, so that no row comes twice. */
export class CorrelatedSender implements RowSender {
  readonly #delta: Delta;
  readonly #columns: Keystream[];
  readonly #transpose: Transpose;

  /** `seeds`: of each base transfer the seed that Δ's bit chose; `from`: the word of the columns that its first row is in. */
  constructor(delta: Delta, seeds: readonly Uint8Array[], transpose: Transpose, from = 0) {
    this.#delta = delta;
    this.#transpose = transpose;
    this.#columns = seeds.map((seed) => new Keystream(seed, from));
  }

  extend(corrections: Int32Array, transfers: number): Labels {
    const stride = transfers / 32;
    const columns = new Int32Array(baseTransfers * stride);
    this.#columns.forEach((stream, column) => {
      const words = stream.words(stride);
      const chosen = -(((this.#delta[column >> 5] as number) >>> (column & 31)) & 1);
      const at = column * stride;
      for (let i = 0; i < stride; i++) {
        columns[at + i] = (words[i] as number) ^ (chosen & (corrections[at + i] as number));
      }
    });
    return this.#transpose(columns, transfers);
  }
}

export class CorrelatedReceiver implements RowReceiver {
  readonly #columns: (readonly [Keystream, Keystream])[];
  readonly #transpose: Transpose;

  constructor(seeds: SeedPairs, transpose: Transpose, from = 0) {
    this.#transpose = transpose;
    this.#columns = seeds.map(([zero, one]) => [new Keystream(zero, from), new Keystream(one, from)] as const);
  }

  extend(choices: Int32Array): { corrections: Int32Array; labels: Labels } {
    const stride = choices.length;
    const columns = new Int32Array(baseTransfers * stride);
    const corrections = new Int32Array(baseTransfers * stride);
    this.#columns.forEach(([zero, one], column) => {
      const wordsOfZero = zero.words(stride);
      const wordsOfOne = one.words(stride);
      const at = column * stride;
      columns.set(wordsOfZero, at);
      for (let i = 0; i < stride; i++) {
        corrections[at + i] = (wordsOfZero[i] as number) ^ (wordsOfOne[i] as number) ^ (choices[i] as number);
      }
    });
    return { corrections, labels: this.#transpose(columns, 32 * stride) };
  }
}
