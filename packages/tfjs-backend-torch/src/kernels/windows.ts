/** What convolution and pooling share, in two and three dimensions: where torch's windows fall in TensorFlow.js' input. */
import { type backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

export type Info = backend_util.Conv2DInfo | backend_util.Conv3DInfo;

/** Lists have one entry for each spatial dimension: [height, width] or [depth, height, width]. */
export interface Windows {
  input: number[];
  output: number[];
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Padding that torch applies on both sides; zero when `explicit` is set. */
  padding: number[];
  /** Padding to add to the channels-last input first, because it is uneven: [before, after] of each dimension. */
  explicit: [number, number][] | null;
  /** Channels-last shape of the input with the explicit padding. */
  paddedShape: number[];
  /** Whether no window fits, so that there is nothing to compute. */
  none: boolean;
}

/** Sizes of a convolution or pool, by dimension. */
function sizesOf(info: Info) {
  const plane = {
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
  };
  if (!("inDepth" in info)) return plane;
  return {
    input: [info.inDepth, ...plane.input],
    output: [info.outDepth, ...plane.output],
    kernel: [info.filterDepth, ...plane.kernel],
    strides: [info.strideDepth, ...plane.strides],
    dilations: [info.dilationDepth, ...plane.dilations],
    // below zero for "same" with gaps between windows: an error of TensorFlow.js, which TensorFlow does not share
    before: [info.padInfo.front, ...plane.before].map((padding) => Math.max(0, padding)),
  };
}

/** `largestPadding`: torch's pools refuse more than half of the kernel, its convolutions take any. */
export function windowsOf(info: Info, largestPadding: (kernel: number) => number): Windows {
  const { input, output, kernel, strides, dilations, before } = sizesOf(info);
  const dimensions = input.map((size, i) => {
    const at = (list: number[]) => list[i] as number;
    const span = (at(kernel) - 1) * at(dilations) + 1;
    const withEvenPadding = Math.floor((size + 2 * at(before) - span) / at(strides)) + 1;
    const after = Math.max(0, (at(output) - 1) * at(strides) + span - size - at(before));
    return {
      size,
      padding: [at(before), after] as [number, number],
      even: withEvenPadding === at(output) && at(before) <= largestPadding(at(kernel)),
    };
  });
  const even = dimensions.every((d) => d.even);
  const padded = dimensions.map(({ size, padding: [before, after] }) => (even ? size : before + size + after));
  return {
    input,
    output,
    kernel,
    strides,
    dilations,
    padding: even ? before : before.map(() => 0),
    explicit: even ? null : dimensions.map(({ padding }) => padding),
    paddedShape: [info.batchSize, ...padded, info.inChannels],
    none: util.sizeFromShape(info.outShape) === 0,
  };
}

/** Fails where `dy` is not the gradient of what the operation gives: torch does not always look. */
export function assertGradient(dy: TensorInfo, { outShape }: Info): void {
  util.assertShapesMatch(dy.shape, outShape, "dy must have the shape of the result: ");
}

/** The channels-last input with its explicit padding. */
export function pad(torch: Torch, x: Slot, { explicit }: Windows, value: number): Slot {
  return explicit ? torch.call("constant_pad_nd", x, [0, 0, ...[...explicit].reverse().flat()], value) : x;
}

/** The gradient of `pad`: cuts the explicit padding off, as a copy without holes. */
export function unpad(torch: Torch, dx: Slot, { explicit, input }: Windows): Slot {
  if (!explicit) return dx;
  const cut = explicit.reduce(
    (slot, [before], i) => torch.call("slice.Tensor", slot, i + 1, before, before + (input[i] as number), 1),
    dx,
  );
  return torch.call("contiguous", cut);
}
