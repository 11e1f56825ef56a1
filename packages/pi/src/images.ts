import type { StepOf } from "./network.ts";
import type { RingVector } from "./ring.ts";

/** How many images go through a step at once. */
export const imagesOf = ({ images = 1 }: StepOf<"linear" | "average-pool">): number => images;

/** Each image's part of a vector that has so many one behind the other; no copy. */
export function partsOf(vector: RingVector, images: number): RingVector[] {
  const size = vector.length / images;
  return Array.from({ length: images }, (_, image) => vector.subarray(image * size, (image + 1) * size));
}

/** What becomes of each image, one behind the other. */
export function eachImage(vector: RingVector, images: number, run: (image: RingVector) => RingVector): RingVector {
  if (images === 1) return run(vector);
  return joined(partsOf(vector, images).map(run));
}

/** Vectors, which must be of one length, one behind the other. */
export function joined(vectors: readonly RingVector[]): RingVector {
  const size = vectors[0]?.length ?? 0;
  const other = vectors.find(({ length }) => length !== size);
  if (other) throw new RangeError(`an image has ${other.length} values where the one before has ${size}`);
  const out = new BigInt64Array(size * vectors.length);
  for (const [i, vector] of vectors.entries()) out.set(vector, i * size);
  return out;
}
