/** Operations that put elements elsewhere in blocks, mirrored, or on a diagonal. */
import { backend_util, util } from "@tensorflow/tfjs-core";
import type { Kernels } from "../aten.ts";

const { getReshaped, getPermuted, getReshapedPermuted, getSliceBeginCoords, getSliceSize } = backend_util;

/** Which of `size` elements stands at each place, with `before` and `after` mirrored ones around them. */
function mirrored(size: number, [before, after]: [number, number], mode: "reflect" | "symmetric"): number[] {
  const edge = mode === "reflect" ? 0 : 1; // symmetric repeats the border
  return Array.from({ length: before + size + after }, (_, place) => {
    const i = place - before;
    if (i < 0) return -i - edge;
    return i < size ? i : 2 * (size - 1) - i + edge;
  });
}

export const rearrange: Kernels = {
  SpaceToBatchND: (torch, { x }, { blockShape, paddings }) => {
    const all = [[0, 0], ...paddings, ...x.shape.slice(1 + blockShape.length).map(() => [0, 0])] as [number, number][];
    const padded = x.shape.map((d: number, i: number) => d + (all[i]?.[0] as number) + (all[i]?.[1] as number));
    const block = util.sizeFromShape(blockShape);
    const reshaped = getReshaped(padded, blockShape, block, false);
    const shape = getReshapedPermuted(padded, blockShape, block, false);
    const cells = torch.call("reshape", torch.call("constant_pad_nd", x, [...all].reverse().flat(), 0), reshaped);
    const permuted = torch.call("permute", cells, getPermuted(reshaped.length, blockShape.length, false));
    return torch.tensor(torch.call("reshape", permuted, shape), shape, x.dtype);
  },
  BatchToSpaceND: (torch, { x }, { blockShape, crops }) => {
    const block = util.sizeFromShape(blockShape);
    const reshaped = getReshaped(x.shape, blockShape, block);
    const whole = getReshapedPermuted(x.shape, blockShape, block);
    const begin = getSliceBeginCoords(crops, blockShape.length);
    const shape = [...getSliceSize(whole, crops, blockShape.length), ...whole.slice(1 + blockShape.length)];
    const permuted = torch.call(
      "permute",
      torch.call("reshape", x, reshaped),
      getPermuted(reshaped.length, blockShape.length),
    );
    const cut = begin.reduce(
      (slot, start, axis) => torch.call("slice.Tensor", slot, axis, start, start + (shape[axis] as number), 1),
      torch.call("reshape", permuted, whole),
    );
    return torch.tensor(torch.call("contiguous", cut), shape, x.dtype);
  },
  DepthToSpace: (torch, { x }, { blockSize, dataFormat }) => {
    util.assert(dataFormat === "NHWC", () => `depthToSpace: the torch backend takes NHWC only, not ${dataFormat}`);
    const [batch, height, width, depth] = x.shape;
    const channels = depth / (blockSize * blockSize);
    const cells = torch.call("reshape", x, [batch, height, width, blockSize, blockSize, channels]);
    const shape = [batch, height * blockSize, width * blockSize, channels];
    return torch.tensor(torch.call("reshape", torch.call("permute", cells, [0, 1, 3, 2, 4, 5]), shape), shape, x.dtype);
  },
  MirrorPad: (torch, { x }, { paddings, mode }) => {
    const indices = x.shape.map((size: number, axis: number) => mirrored(size, paddings[axis], mode)) as number[][];
    const padded = indices.reduce(
      (slot, index, axis) => torch.call("index_select", slot, axis, torch.ints(index)),
      torch.backend.slotOf(x),
    );
    return torch.tensor(
      padded,
      indices.map((index) => index.length),
      x.dtype,
    );
  },
  Diag: (torch, { x }) => {
    const shape = [...x.shape, ...x.shape];
    const square = torch.call("diag_embed", torch.call("reshape", x, [-1]));
    return torch.tensor(torch.call("reshape", square, shape), shape, x.dtype);
  },
  BroadcastArgs: (torch, { s0, s1 }) => {
    const [a, b] = [s0, s1].map(({ dataId }) => Array.from(torch.backend.readSync(dataId) as Int32Array));
    const shape = backend_util.assertAndGetBroadcastShape(a as number[], b as number[]);
    return torch.tensor(torch.ints(shape), [shape.length], "int32");
  },
};
