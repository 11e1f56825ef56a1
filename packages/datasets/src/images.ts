import type { Preprocessing } from "./source.ts";
import type { Split } from "./split.ts";

/** The images of a data set as they lie in its folder of the cache: their pixels, or where their files are. */
export type ImageStore = PixelStore | EncodedStore;

interface Store {
  readonly folder: string;
  /** Of one image as it is handed out. */
  readonly imageBytes: number;
}

export interface PixelStore extends Store {
  readonly form: "pixels";
}

export interface EncodedStore extends Store {
  readonly form: "encoded";
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

/** Writes uint8 NHWC images of a split, by their place in it, one after another. */
export type ReadImages = (request: ImageRequest, images: Uint8Array) => Promise<void>;
