import type { ConvolutionShape } from "./convolution.ts";
import type { ChunkOfUnits, Garbled, InputLabels } from "./garbling.ts";
import type { PolynomialKernels } from "./he/polynomials.ts";
import type { Delta, Labels } from "./labels.ts";
import type { RandomTransferKernels, RowKernels } from "./random-transfers.ts";
import type { RingVector } from "./ring.ts";

/** What instructions the kernels use, from the lowest on: AES-NI with AVX2, VAES on 256 bits, VAES with AVX-512. */
export const levels = ["javascript", "wasm", "avx2", "vaes", "avx512"] as const;
export type Level = (typeof levels)[number];

/** What takes an inference's time, at one level. All levels give the same bytes; a measurement says which it had. */
export interface Kernels extends RowKernels, RandomTransferKernels {
  readonly level: Level;
  /** Chunks that are garbled or evaluated at once, and bands of a convolution: 1 in the thread that asks, or each in one of its own. */
  readonly threads: number;
  /** Takes the labels, as `evaluate` takes labels and tables. */
  garble<Input extends string>(
    chunk: ChunkOfUnits<Input> & { zeros: InputLabels<Input>; delta: Delta },
  ): Garbled | Promise<Garbled>;
  /** The colors of the outputs' labels, as bit slices. */
  evaluate<Input extends string>(
    chunk: ChunkOfUnits<Input> & { labels: InputLabels<Input>; tables: Uint8Array },
  ): Int32Array | Promise<Int32Array>;
  /** `takeBits` of labels.ts: turns labels for 0 into those of a vector's lowest bits, in place. */
  takeBits(labels: Labels, values: RingVector, bits: number, delta: Delta): void;
  /** Filters [out, height, width, in] on an image, over Z_2^64. */
  convolve(shape: ConvolutionShape, filters: Int32Array, image: RingVector): RingVector | Promise<RingVector>;
  /** Of encrypted linear layers. */
  readonly polynomials: PolynomialKernels;
  /** Ends its threads. */
  close(): Promise<void>;
}
