/** How large a batch may be for the memory of the device. */

/** The most memory that steps of two batch sizes had at once. */
export interface Peaks {
  images: readonly [number, number];
  bytes: readonly [number, number];
}

/**
 * The largest batch whose step needs no more than `capacity` bytes: what a step holds grows by the same for each image,
 * beside what it holds anyway (weights, momenta, the teacher's). 0 where not even one image fits, null where the peaks do
 * not grow.
 */
export function largestBatchIn(capacity: number, { images, bytes }: Peaks): number | null {
  const perImage = (bytes[1] - bytes[0]) / (images[1] - images[0]);
  if (!(perImage > 0 && Number.isFinite(perImage))) return null;
  const fixed = bytes[0] - perImage * images[0];
  return Math.max(0, Math.floor((capacity - fixed) / perImage));
}

/** What of the device's memory steps can have: its context, its libraries and the gaps between blocks take the rest. */
export const usableShare = 0.92;

/** Batches to measure for one of `size` images, which did not fit. */
export const smallerBatches = (size: number): readonly [number, number] => {
  const small = Math.max(1, Math.floor(size / 16));
  return [small, Math.min(size, 2 * small)];
};

/** What allocators of devices say. */
export const isOutOfMemory = (error: unknown): error is Error =>
  error instanceof Error && /out of memory/i.test(error.message);
