import type { Preprocessing } from "./source.ts";
import type { Split } from "./split.ts";

/** The images of a data set as they lie in its folder of the cache: their pixels, or where their files are. */
export type ImageStore = PixelStore | EncodedStore;

export interface PixelStore {
  readonly form: "pixels";
  readonly folder: string;
  readonly imageBytes: number;
}

export interface EncodedStore {
  readonly form: "encoded";
  readonly folder: string;
  readonly preprocessing: Preprocessing;
  /** Of `image-index.ts`; in memory that threads share. */
  readonly files: Uint8Array;
  readonly records: Readonly<Record<Split, Uint8Array>>;
}

/** The epoch for which resized crops are drawn. */
export interface CropKey {
  readonly seed: number;
  readonly epoch: number;
}

export interface ImageRequest {
  readonly split: Split;
  readonly indices: Uint32Array;
  /** Resized crops of that epoch; else images are brought to their size as for a test. */
  readonly crops?: CropKey | undefined;
}

/** uint8 NHWC images of a split by their place in it. */
export type ReadImages = (request: ImageRequest) => Promise<Uint8Array>;
