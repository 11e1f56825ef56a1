import { createHash } from "node:crypto";

/** What may be used once. */
export type OneTime =
  | "nonce"
  | "delta"
  | "rows"
  | "labels"
  | "tables"
  | "triples"
  | "pairs"
  | "choices"
  | "mask"
  | "correlation";

/** Thrown at the second use of what may be used once. */
export class UsedTwiceError extends Error {
  override name = "UsedTwiceError";
}

/**
 * Refuses the second use of a Δ, a nonce, rows of oblivious transfer, labels, tables, triples, pairs, choices, a mask or a correlation: two uses show
 * the difference of what they hid. A party keeps one for as long as it runs; what it has of them is never written to disk,
 * so a new process has nothing that an old one used. It holds digests and places, no secret.
 */
export class Ledger {
  readonly #used = new Set<string>();

  /** Notes the use of what is named by public values, as a layer and a chunk of an inference. */
  use(kind: OneTime, ...name: readonly (string | number)[]): void {
    this.#enter(kind, name.join("/"));
  }

  /** Notes the use of a value by its digest. */
  useValue(kind: OneTime, value: Uint8Array): void {
    this.#enter(kind, createHash("sha256").update(value).digest("hex"));
  }

  #enter(kind: OneTime, name: string): void {
    const entry = `${kind} ${name}`;
    if (this.#used.has(entry))
      throw new UsedTwiceError(`a ${kind} was about to be used a second time: the inference ends`);
    this.#used.add(entry);
  }
}
