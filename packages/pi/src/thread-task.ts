import type { SeedPairs } from "./base-ot.ts";
import type { Circuit } from "./circuit.ts";
import type { ConvolutionShape } from "./convolution.ts";
import type { Garbled, InputLabels } from "./garbling.ts";
import type { ChunkName } from "./gate-hash.ts";
import type { Delta } from "./labels.ts";
import type { ReceivedStrings, SentStrings } from "./random-transfers.ts";
import type { RingVector } from "./ring.ts";

/** A chunk, of the circuit that was sent under this number, from 0 on. */
export interface ThreadChunk {
  circuit: number;
  name: ChunkName;
  units: number;
}

/** What later tasks name by its number, each kind from 0 on. */
export type ThreadNews = { kind: "circuit"; circuit: Circuit } | { kind: "filters"; filters: Int32Array };

/** What a thread of kernels is asked; it answers in the order of the questions. */
export type ThreadTask =
  | ({ kind: "garble"; zeros: InputLabels<string>; delta: Delta } & ThreadChunk)
  | ({ kind: "evaluate"; labels: InputLabels<string>; tables: Uint8Array } & ThreadChunk)
  | { kind: "convolve"; shape: ConvolutionShape; filters: number; image: RingVector }
  | {
      kind: "send";
      delta: Delta;
      seeds: readonly Uint8Array[];
      from: number;
      corrections: Int32Array;
      keys: Uint8Array;
    }
  | { kind: "receive"; seeds: SeedPairs; from: number; choices: Int32Array; keys: Uint8Array };

export type ThreadAnswer =
  | { garbled: Garbled }
  | { colors: Int32Array }
  | { convolved: RingVector }
  | { sent: SentStrings }
  | { received: ReceivedStrings }
  | { error: string };
