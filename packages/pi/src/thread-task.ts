import type { Circuit } from "./circuit.ts";
import type { Garbled, InputLabels } from "./garbling.ts";
import type { ChunkName } from "./gate-hash.ts";
import type { Delta } from "./labels.ts";

/** A chunk, of the circuit that was sent under this number, from 0 on. */
export interface ThreadChunk {
  circuit: number;
  name: ChunkName;
  units: number;
}

/** What a thread of kernels is told; it answers all but circuits, in their order. */
export type ThreadTask =
  | { kind: "circuit"; circuit: Circuit }
  | ({ kind: "garble"; zeros: InputLabels<string>; delta: Delta } & ThreadChunk)
  | ({ kind: "evaluate"; labels: InputLabels<string>; tables: Uint8Array } & ThreadChunk);

export type ThreadAnswer = { garbled: Garbled } | { colors: Int32Array } | { error: string };
