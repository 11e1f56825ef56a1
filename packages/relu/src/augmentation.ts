import { streams, words } from "./random.ts";

/** How one image is cropped and flipped: the crop starts dy rows and dx columns into it, negative into the border. */
export interface Augmentation {
  readonly dy: number;
  readonly dx: number;
  readonly flipped: boolean;
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
  return { dy: shift(y), dx: shift(x), flipped: of.flip && coin >= 2 ** 31 };
}
