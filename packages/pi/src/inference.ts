import { createHash } from "node:crypto";
import type { ChunkName } from "./gate-hash.ts";
import type { Ledger, OneTime } from "./ledger.ts";

/** Bytes that each party gives to a nonce. */
export const nonceBytes = 16;

/** One inference: its public nonce, and what of it has been used. */
export class Inference {
  readonly #nonce: Uint8Array;
  readonly #name: string;
  readonly #ledger: Ledger;

  /** Both parties' random halves give the nonce, so that neither alone can repeat one. Throws where the ledger has had it. */
  constructor(ledger: Ledger, { client, server }: { client: Uint8Array; server: Uint8Array }) {
    const digest = createHash("sha256").update("reluctant/pi nonce").update(client).update(server).digest();
    this.#nonce = digest.subarray(0, nonceBytes);
    this.#name = digest.toString("hex", 0, nonceBytes);
    this.#ledger = ledger;
    ledger.use("nonce", this.#name);
  }

  /** Notes the use of something of this inference that may be used once. */
  use(kind: OneTime, ...place: readonly number[]): void {
    this.#ledger.use(kind, this.#name, ...place);
  }

  chunkName(layer: number, chunk: number): ChunkName {
    return { nonce: this.#nonce, layer, chunk };
  }
}
