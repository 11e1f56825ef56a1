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

/** Puts the pixels of `dy` back to where they came from along an axis, adding them up. */
function collect(torch: Torch, onto: Slot, axis: number, index: number[], dy: Slot): Slot {
  return torch.call("index_add", onto, axis, torch.ints(index), dy);
}

const sizes = (x: TensorInfo) => x.shape as [number, number, number, number];
function resized(x: TensorInfo, [h, w]: [number, number]): number[] {
  util.assert(x.shape.length === 4 && h > 0 && w > 0, () => `cannot resize images of shape ${x.shape} to ${h} by ${w}`);
  return [x.shape[0], h, w, x.shape[3]] as number[];
}
/** Shares along an axis of NHWC. */
const along = (torch: Torch, values: number[], axis: 1 | 2) =>
  torch.floats(values, axis === 1 ? [values.length, 1, 1] : [values.length, 1]);

function zerosFor(torch: Torch, shape: number[]): Slot {
  return torch.call("full", shape, 0, scalarType.float32);
}

export const image: Kernels = {
  ResizeBilinear: (torch, { images }, attrs) => {
    const shape = resized(images, attrs.size);
    const [height, width] = attrs.size;
    const result = axes.reduce(
      (x, axis) => {
        const { lower, upper, share } = neighbors(sizes(images)[axis], axis === 1 ? height : width, attrs);
        const [first, second] = [lower, upper].map((index) => torch.call("index_select", x, axis, torch.ints(index)));
        return torch.call("lerp.Tensor", first as Slot, second as Slot, along(torch, share, axis));
      },
      torch.cast(images, "float32"),
    );
    return torch.tensor(result, shape, "float32");
  },
  ResizeBilinearGrad: (torch, { images, dy }, attrs) => {
    const [batch, , , channels] = sizes(images);
    const [, height, width] = sizes(images);
    const target = { 1: [batch, height, sizes(dy)[2], channels], 2: [batch, height, width, channels] };
    const dx = axes.reduce((d, axis) => {
      const { lower, upper, share } = neighbors(sizes(images)[axis], sizes(dy)[axis], attrs);
      const second = torch.call("mul.Tensor", d, along(torch, share, axis));
      const first = torch.call("sub.Tensor", d, second);
      return collect(torch, collect(torch, zerosFor(torch, target[axis]), axis, lower, first), axis, upper, second);
    }, torch.backend.slotOf(dy));
    return torch.tensor(dx, images.shape, "float32");
  },
  ResizeNearestNeighbor: (torch, { images }, attrs) => {
    const shape = resized(images, attrs.size);
    const result = axes.reduce((x, axis) => {
      const index = nearest(sizes(images)[axis], attrs.size[axis - 1], attrs);
      return torch.call("index_select", x, axis, torch.ints(index));
    }, torch.backend.slotOf(images));
    return torch.tensor(result, shape, images.dtype);
  },
  ResizeNearestNeighborGrad: (torch, { images, dy }, attrs) => {
    const [batch, height, width, channels] = sizes(images);
    const target = { 1: [batch, height, sizes(dy)[2], channels], 2: [batch, height, width, channels] };
    const dx = axes.reduce((d, axis) => {
      const index = nearest(sizes(images)[axis], sizes(dy)[axis], attrs);
      return collect(torch, zerosFor(torch, target[axis]), axis, index, d);
    }, torch.backend.slotOf(dy));
    return torch.tensor(dx, images.shape, "float32");
  },
  FlipLeftRight: (torch, { image }) => torch.tensor(torch.call("flip", image, [2]), image.shape, image.dtype),
};
