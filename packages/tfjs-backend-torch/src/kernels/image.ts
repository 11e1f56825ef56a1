/** Resizing of NHWC images, one axis after the other. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Kernels, scalarType, type Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

interface Attrs {
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

/** Where each of `to` pixels lies among `from` pixels; `center` is 0.5 where the sample is a pixel's center. */
function positions(from: number, to: number, { alignCorners, halfPixelCenters }: Attrs, center: number): number[] {
  const align = alignCorners && to > 1;
  const ratio = align ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, i) => (halfPixelCenters ? ratio * (i + 0.5) - center : ratio * i));
}

const clip = (i: number, size: number) => Math.min(Math.max(i, 0), size - 1);

/** The nearest of `from` pixels for each of `to`. */
const nearest = (from: number, to: number, attrs: Attrs): number[] =>
  positions(from, to, attrs, 0).map((at) => clip(attrs.alignCorners ? Math.round(at) : Math.floor(at), from));

/** The two neighbors among `from` pixels for each of `to`, and the share of the second. */
function neighbors(from: number, to: number, attrs: Attrs) {
  const at = positions(from, to, attrs, 0.5);
  const lower = at.map((p) => clip(Math.floor(p), from));
  return {
    lower,
    upper: at.map((p) => clip(Math.ceil(p), from)),
    share: at.map((p, i) => p - (lower[i] as number)),
  };
}

const axes = [1, 2] as const;
type Size = [batch: number, height: number, width: number, channels: number];

/** The images' shape with another height and width. */
function resized({ shape }: TensorInfo, [height, width]: [number, number]): Size {
  const [batch, , , channels] = shape as Size;
  const positive = [height, width].every((size) => Number.isInteger(size) && size > 0);
  util.assert(shape.length === 4 && positive, () => `cannot resize images [${shape}] to ${height} by ${width}`);
  return [batch, height, width, channels];
}

/** Shares along an axis of NHWC. */
const along = (torch: Torch, values: number[], axis: 1 | 2) =>
  torch.floats(values, axis === 1 ? [values.length, 1, 1] : [values.length, 1]);

const pick = (torch: Torch, x: Slot, axis: number, index: number[]): Slot =>
  torch.call("index_select", x, axis, torch.ints(index));

/** The gradient of `pick`, added to `sums`. */
const putBack = (torch: Torch, sums: Slot, axis: number, index: number[], dy: Slot): Slot =>
  torch.call("index_add", sums, axis, torch.ints(index), dy);

/** Zeros for a gradient whose axes before and including `axis` have the images' size again. */
function zerosFor(torch: Torch, images: TensorInfo, dy: TensorInfo, axis: 1 | 2): Slot {
  const [, height, width] = images.shape as Size;
  const shape = resized(images, [height, axis === 1 ? (dy.shape[2] as number) : width]);
  return torch.call("full", shape, 0, scalarType.float32);
}

export const image: Kernels = {
  ResizeBilinear: (torch, { images }, attrs) => {
    const shape = resized(images, attrs.size);
    const interpolate = (x: Slot, axis: 1 | 2) => {
      const { lower, upper, share } = neighbors(images.shape[axis], shape[axis], attrs);
      const [first, second] = [pick(torch, x, axis, lower), pick(torch, x, axis, upper)];
      return torch.call("lerp.Tensor", first, second, along(torch, share, axis));
    };
    return torch.tensor(axes.reduce(interpolate, torch.cast(images, "float32")), shape, "float32");
  },
  ResizeBilinearGrad: (torch, { images, dy }, attrs) => {
    const distribute = (d: Slot, axis: 1 | 2) => {
      const { lower, upper, share } = neighbors(images.shape[axis], dy.shape[axis], attrs);
      const second = torch.call("mul.Tensor", d, along(torch, share, axis));
      const first = torch.call("sub.Tensor", d, second);
      const sums = putBack(torch, zerosFor(torch, images, dy, axis), axis, lower, first);
      return putBack(torch, sums, axis, upper, second);
    };
    return torch.tensor(axes.reduce(distribute, torch.backend.slotOf(dy)), images.shape, "float32");
  },
  ResizeNearestNeighbor: (torch, { images }, attrs) => {
    const shape = resized(images, attrs.size);
    const choose = (x: Slot, axis: 1 | 2) => pick(torch, x, axis, nearest(images.shape[axis], shape[axis], attrs));
    return torch.tensor(axes.reduce(choose, torch.backend.slotOf(images)), shape, images.dtype);
  },
  ResizeNearestNeighborGrad: (torch, { images, dy }, attrs) => {
    const collect = (d: Slot, axis: 1 | 2) => {
      const index = nearest(images.shape[axis], dy.shape[axis], attrs);
      return putBack(torch, zerosFor(torch, images, dy, axis), axis, index, d);
    };
    return torch.tensor(axes.reduce(collect, torch.backend.slotOf(dy)), images.shape, "float32");
  },
  FlipLeftRight: (torch, { image }) => torch.tensor(torch.call("flip", image, [2]), image.shape, image.dtype),
};
