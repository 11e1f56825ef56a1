/** From the bytes of images to what a network reads: crop, flip and normalization on the device. */

import { type Kernels, scalarType } from "@reluctant/tfjs-backend-torch/extension";
import {
  add,
  cast,
  gather,
  greaterEqual,
  less,
  logicalAnd,
  mul,
  pad,
  range,
  reshape,
  scalar,
  split,
  sub,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tensor4d,
  tidy,
  util,
  where,
} from "@tensorflow/tfjs-core";
import { hasKernel, runKernel } from "./dispatch.ts";

/** Of pixel values divided by 255, by channel. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

/** Whether the current backend takes pixels as bytes. */
export const takesBytes = (): boolean => hasKernel("TrainingAugment");

/**
 * The pixels of images, 0 to 255, on the device. TensorFlow.js has no type of bytes. On a backend that takes bytes this is
 * a `bool` tensor, its one type with a byte an element, so that an image is uploaded as it is; elsewhere it is int32,
 * because other backends may take any byte but 0 for 1. Only `augment` reads it.
 * @param shape [n, h, w, c]
 */
export function pixelTensor(images: Uint8Array, shape: [number, number, number, number]): Tensor4D {
  return takesBytes() ? tensor4d(images, shape, "bool") : tensor4d(Int32Array.from(images), shape, "int32");
}

/**
 * Crops each image from (dy, dx) of itself, black beyond its edges, then flips it left to right where flip is 1, then
 * normalizes: (pixel / 255 − mean) / std, computed in double and rounded to float32 once for each of the 256 values.
 * @param pixels from `pixelTensor`, [n, h, w, c]
 * @param offsets int32 [n, 3]: dy, dx, flip
 */
export function augment(pixels: Tensor4D, offsets: Tensor2D, normalization: Normalization): Tensor4D {
  const { mean, std } = normalization;
  const channels = pixels.shape[3];
  if (mean.length !== channels || std.length !== channels)
    throw new Error(`augment: ${mean.length} means and ${std.length} deviations for ${channels} channels`);
  if (!takesBytes() || pixels.dtype !== "bool") return augmentComposed(pixels, offsets, normalization);
  return runKernel("TrainingAugment", { pixels, offsets }, { mean, std })[0] as Tensor4D;
}

/** The twin of `augment` in plain TensorFlow.js, for pixels in int32. */
export function augmentComposed(pixels: Tensor4D, offsets: Tensor2D, { mean, std }: Normalization): Tensor4D {
  util.assert(pixels.dtype === "int32", () => `augment: pixels must be int32 here, not ${pixels.dtype}`);
  return tidy(() => {
    const [batch, height, width, channels] = pixels.shape;
    const [dy, dx, flip] = split(offsets, 3, 1) as [Tensor2D, Tensor2D, Tensor2D]; // [n, 1] each
    const column = range(0, width, 1, "int32");
    const x = add(where(cast(flip, "bool"), sub(int(width - 1), column), column), dx); // [n, w]
    const y = add(range(0, height, 1, "int32"), dy); // [n, h]
    // A row and a column of black follow each image: what lies outside is read there.
    const framed = pad(pixels, [
      [0, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
    const image = mul(range(0, batch, 1, "int32"), int((height + 1) * (width + 1)));
    const row = add(mul(orEdge(y, height), int(width + 1)), reshape(image, [batch, 1]));
    const from = add(reshape(row, [batch, height, 1]), reshape(orEdge(x, width), [batch, 1, width]));
    const cropped = gather(reshape(framed, [-1, channels]), from); // [n, h, w, c]
    const channel = mul(range(0, channels, 1, "int32"), int(256));
    return reshape(gather(tensor1d(levels({ mean, std })), add(cropped, channel)), pixels.shape);
  });
}

/** The index itself, or `size` where it is not below that, or negative. */
const orEdge = (index: Tensor, size: number): Tensor =>
  where(logicalAnd(greaterEqual(index, int(0)), less(index, int(size))), index, int(size));

/** A number as a tensor would otherwise be float32, and with it the index. */
const int = (value: number): Tensor => scalar(value, "int32");

/** Normalized value of each channel's 256 pixel values, one channel after the other. */
export const levels = ({ mean, std }: Normalization): Float32Array =>
  Float32Array.from({ length: 256 * mean.length }, (_, i) => {
    const channel = i >> 8;
    return ((i & 255) / 255 - (mean[channel] as number)) / (std[channel] as number);
  });

export const augmentKernels: Kernels = {
  TrainingAugment: (torch, { pixels, offsets }, { mean, std }) =>
    torch.tensor(
      torch.call("training_ops::augment", pixels, offsets, mean, std, scalarType.float32),
      pixels.shape,
      "float32",
    ),
};
