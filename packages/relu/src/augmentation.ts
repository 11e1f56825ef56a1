import { randomWords, streams } from "./random.ts";

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
  const [x, y, coin] = randomWords({ seed: of.seed, epoch: of.epoch, index: of.index, stream: streams.augment });
  const shift = (word: number) => Math.floor((word / 2 ** 32) * (2 * of.pad + 1)) - of.pad;
  return { dy: shift(y), dx: shift(x), flipped: of.flip && coin >= 2 ** 31 };
}

/** A part of an image, in its pixels; its edges may lie between two. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** torchvision's RandomResizedCrop (method.md §7): share of the image's area, and width over height. */
const cropArea = [0.08, 1] as const;
const cropRatio = [3 / 4, 4 / 3] as const;
const cropAttempts = 10;

/**
 * The part of one image that one epoch sees, to be scaled to the network's size: torchvision's RandomResizedCrop with its
 * defaults. Area and logarithm of the ratio are uniform; after ten draws that do not fit the image, its middle in the
 * nearest ratio allowed. Sizes round half up, where Python rounds to even.
 */
export function resizedCrop(of: { seed: number; epoch: number; index: number; height: number; width: number }): Region {
  const { seed, epoch, index, height, width } = of;
  for (let attempt = 0; attempt < cropAttempts; attempt++) {
    const drawn = randomWords({ seed, epoch, index: index * cropAttempts + attempt, stream: streams.crop });
    const [area, ratio, y, x] = drawn.map((word) => word / 2 ** 32) as [number, number, number, number];
    const pixels = height * width * between(cropArea, area);
    const aspect = Math.exp(between([Math.log(cropRatio[0]), Math.log(cropRatio[1])], ratio));
    const part = { width: Math.round(Math.sqrt(pixels * aspect)), height: Math.round(Math.sqrt(pixels / aspect)) };
    if (part.width < 1 || part.height < 1 || part.width > width || part.height > height) continue;
    return {
      top: Math.floor(y * (height - part.height + 1)),
      left: Math.floor(x * (width - part.width + 1)),
      ...part,
    };
  }
  const [narrowest, widest] = cropRatio;
  return middle(
    { height, width },
    {
      height: Math.max(1, Math.min(height, Math.round(width / narrowest))),
      width: Math.max(1, Math.min(width, Math.round(height * widest))),
    },
  );
}

/** What is scaled to `crop` × `crop` so that it is the middle of the image with its short side brought to `resize`. */
export function centerCrop(
  image: { height: number; width: number },
  { resize, crop }: { resize: number; crop: number },
): Region {
  const side = Math.max(1, Math.round((Math.min(image.height, image.width) * crop) / resize));
  return middle(image, { height: side, width: side });
}

/**
 * What is scaled to `crop` × `crop` so that it is what torchvision's Resize(`resize`) and CenterCrop(`crop`) leave of the
 * image: both round as Python does, so its edges lie between pixels.
 */
export function resizedMiddle(
  image: { height: number; width: number },
  { resize, crop }: { resize: number; crop: number },
): Region {
  const short = Math.min(image.height, image.width);
  const part = (length: number) => {
    const resized = Math.floor((resize * length) / short);
    return { start: (roundHalfEven((resized - crop) / 2) * length) / resized, extent: (crop * length) / resized };
  };
  const [down, across] = [part(image.height), part(image.width)];
  return { top: down.start, left: across.start, height: down.extent, width: across.extent };
}

/** Of a whole number of halves. */
const roundHalfEven = (value: number): number => (value % 1 === 0 ? value : 2 * Math.round(value / 2));

const middle = (
  { height, width }: { height: number; width: number },
  part: { height: number; width: number },
): Region => ({ top: (height - part.height) >> 1, left: (width - part.width) >> 1, ...part });

const between = ([from, to]: readonly [number, number], share: number): number => from + share * (to - from);
