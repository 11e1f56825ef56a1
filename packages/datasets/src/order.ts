import { shuffledIndices, streams, words } from "@reluctant/relu";

/**
 * The batches of one training epoch: a pure function of its arguments, so an attempt resumes at any step by taking the
 * batches from that step on.
 * @param dropLast leave out the last, partial batch, as training does (PAPER §7)
 */
export function sampleOrder(of: {
  seed: number;
  epoch: number;
  size: number;
  batchSize: number;
  dropLast: boolean;
}): Uint32Array[] {
  const batches = inBatches(shuffledIndices(of.seed, of.epoch, of.size), of.batchSize);
  return of.dropLast && of.size % of.batchSize !== 0 ? batches.slice(0, -1) : batches;
}

/** Every sample of a split once, in its order: for evaluation. */
export const evaluationOrder = (size: number, batchSize: number): Uint32Array[] =>
  inBatches(
    Uint32Array.from({ length: size }, (_, index) => index),
    batchSize,
  );

function inBatches(order: Uint32Array, batchSize: number): Uint32Array[] {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batchSize is ${batchSize}; it must be a whole number from 1`);
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) =>
    order.subarray(batch * batchSize, (batch + 1) * batchSize),
  );
}

/** How one image is cropped and flipped: the crop starts dx columns and dy rows into the image, negative into the border. */
export interface Augmentation {
  readonly dx: number;
  readonly dy: number;
  readonly flip: boolean;
}

/**
 * The augmentation of one sample in one epoch: a random crop out of an image padded by `pad` pixels, and a flip of every
 * second one. `index` is the sample's place in its split, so it does not matter in which batch the sample comes.
 */
export function augmentation(of: {
  seed: number;
  epoch: number;
  index: number;
  pad: number;
  flip: boolean;
}): Augmentation {
  const [x, y, coin] = words({ seed: of.seed, epoch: of.epoch, index: of.index, stream: streams.augment });
  const shift = (word: number) => Math.floor((word / 2 ** 32) * (2 * of.pad + 1)) - of.pad;
  return { dx: shift(x), dy: shift(y), flip: of.flip && coin >= 2 ** 31 };
}
