/** What convolution and pooling share: where torch's windows fall compared with TensorFlow.js's. */
import type { backend_util } from "@tensorflow/tfjs-core";
import type { Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

type Info = backend_util.Conv2DInfo;

export interface Windows {
  kernel: [number, number];
  strides: [number, number];
  dilations: [number, number];
  /** Padding that torch applies on both sides; zero when `explicit` is set. */
  padding: [number, number];
  /** Padding to add to the NHWC input first, because it is uneven: [left, right, top, bottom]. */
  explicit: [number, number, number, number] | null;
  /** NHWC shape of the input with the explicit padding. */
  paddedShape: [number, number, number, number];
}

/** `largestPadding`: torch's pools refuse more than half of the kernel, its convolutions take any. */
export function windowsOf(info: Info, largestPadding: (kernel: number) => number): Windows {
  const { top, left } = info.padInfo;
  const kernel: [number, number] = [info.filterHeight, info.filterWidth];
  const strides: [number, number] = [info.strideHeight, info.strideWidth];
  const dilations: [number, number] = [info.dilationHeight, info.dilationWidth];
  const input = [info.inHeight, info.inWidth] as const;
  const output = [info.outHeight, info.outWidth] as const;
  const before = [top, left] as const;
  const span = (i: 0 | 1) => (kernel[i] - 1) * dilations[i] + 1;
  const even = ([0, 1] as const).every(
    (i) =>
      Math.floor((input[i] + 2 * before[i] - span(i)) / strides[i]) + 1 === output[i] &&
      before[i] <= largestPadding(kernel[i]),
  );
  const shape = (extraH: number, extraW: number): Windows["paddedShape"] => [
    info.batchSize,
    info.inHeight + extraH,
    info.inWidth + extraW,
    info.inChannels,
  ];
  if (even) return { kernel, strides, dilations, padding: [top, left], explicit: null, paddedShape: shape(0, 0) };
  const after = (i: 0 | 1) => Math.max(0, (output[i] - 1) * strides[i] + span(i) - input[i] - before[i]);
  return {
    kernel,
    strides,
    dilations,
    padding: [0, 0],
    explicit: [left, after(1), top, after(0)],
    paddedShape: shape(top + after(0), left + after(1)),
  };
}

/** The NHWC input with its explicit padding. */
export function pad(torch: Torch, x: Slot, { explicit }: Windows, value: number): Slot {
  return explicit ? torch.call("constant_pad_nd", x, [0, 0, ...explicit], value) : x;
}

/** The gradient of `pad`: cuts the explicit padding off, as a copy without holes. */
export function unpad(torch: Torch, dx: Slot, { explicit }: Windows, info: Info): Slot {
  if (!explicit) return dx;
  const [left, , top] = explicit;
  const rows = torch.call("slice.Tensor", dx, 1, top, top + info.inHeight, 1);
  return torch.call("contiguous", torch.call("slice.Tensor", rows, 2, left, left + info.inWidth, 1));
}
