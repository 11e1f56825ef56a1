/**
 * Convolutions. Channels-last tensors are seen as torch's channels-first ones, which is the same memory. Filters are
 * HWIO; torch wants them as OHWI in memory, so a filter is laid out so once, in its own slot, and keeps that layout
 * through in-place SGD.
 */
import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Kernels, op, scalarType, type Torch } from "../aten.ts";
import { type Slot, view } from "../bridge.ts";
import { inFloat32, operand, operandType } from "../precision.ts";
import { epilogue } from "./activation.ts";
import { assertGradient, type Info, pad, unpad, type Windows, windowsOf } from "./windows.ts";
import { isWinograd, winograd } from "./winograd.ts";

const { same, nhwc, hwio } = view;
const convolution = op("convolution", { in: [nhwc, hwio], out: [nhwc] });
const backward = op("convolution_backward", { in: [nhwc, nhwc, hwio], out: [nhwc, hwio, same] });
const layOutFilter = op("contiguous", { in: [hwio], out: [hwio] });
const channelsLast = { 4: 2, 5: 3 } as const; // at::MemoryFormat, by rank

interface Attrs {
  strides: [number, number] | number;
  dilations?: [number, number] | number;
  pad: "valid" | "same" | number | backend_util.ExplicitPadding;
  dimRoundingMode?: "floor" | "round" | "ceil";
  dataFormat?: "NHWC" | "NCHW";
}

function infoOf(xShape: number[], filterShape: number[], attrs: Attrs, depthwise = false): backend_util.Conv2DInfo {
  const info = backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
    backend_util.convertConv2DDataFormat(attrs.dataFormat ?? "NHWC"),
  );
  return checked(info, filterShape);
}

/** Fails where the filter is not for this number of channels: torch's gradients do not always look. */
function checked<T extends Info>(info: T, filterShape: number[]): T {
  const channels = filterShape.at(-2);
  util.assert(info.inChannels === channels, () => `the input has ${info.inChannels} channels, the filter ${channels}`);
  return info;
}

interface Attrs3D {
  strides: [number, number, number] | number;
  dilations?: [number, number, number] | number;
  pad: "valid" | "same" | number;
}

function info3DOf(xShape: number[], filterShape: number[], attrs: Attrs3D): backend_util.Conv3DInfo {
  const info = backend_util.computeConv3DInfo(
    xShape as [number, number, number, number, number],
    filterShape as [number, number, number, number, number],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
  );
  return checked(info, filterShape);
}

const windows = (info: Info) => windowsOf(info, () => Number.POSITIVE_INFINITY);

/** The filter as an operand, laid out for torch where it lies, which is free when it already is. */
function layOut(torch: Torch, filter: TensorInfo): Slot {
  const slot = torch.backend.slotOf(filter);
  torch.into(slot, layOutFilter, slot, channelsLast[filter.shape.length as 4 | 5]);
  return operand(torch, slot);
}

/** A filter without values, in the layout that real ones have. */
function emptyFilter(torch: Torch, shape: number[]): Slot {
  const [inChannels, outChannels] = shape.slice(-2) as [number, number];
  const window = shape.slice(0, -2);
  const ohwi = torch.call("empty.memory_format", [outChannels, ...window, inChannels], operandType(torch));
  return torch.call("permute", ohwi, [...window.map((_, i) => i + 1), window.length + 1, 0]);
}

function forward(torch: Torch, x: Slot, filter: Slot, info: Info, groups = 1): Slot {
  const w = windows(info);
  if (w.none) return torch.call("full", [info.batchSize, ...w.output, info.outChannels], 0, scalarType.float32);
  const input = pad(torch, operand(torch, x), w, 0);
  if (isWinograd(torch, w, info, groups)) return torch.call(winograd.convolution, input, filter, w.padding);
  const none = w.input.map(() => 0);
  return torch.call(convolution, input, filter, null, w.strides, w.padding, w.dilations, false, none, groups);
}

/** The operator gives both gradients; of the input of the other one only the shape counts, so it has no values. */
function gradient(torch: Torch, dy: Slot, x: Slot, filter: Slot, w: Windows, groups: number, by: "x" | "filter"): Slot {
  const which = [by === "x", by === "filter", false];
  const none = w.input.map(() => 0);
  const settings = [null, w.strides, w.padding, w.dilations, false, none, groups, which] as const;
  const [dx, dFilter] = torch.callMany(3, backward, dy, x, filter, ...settings) as [Slot, Slot];
  return by === "x" ? dx : dFilter;
}

function inputGradient(torch: Torch, dy: Slot, filter: Slot, info: Info, groups = 1): Slot {
  const w = windows(info);
  if (isWinograd(torch, w, info, groups))
    return unpad(torch, torch.call(winograd.dataGradient, dy, filter, w.padding), w);
  const x = torch.call("empty.memory_format", w.paddedShape, operandType(torch));
  return unpad(torch, gradient(torch, operand(torch, dy), x, filter, w, groups, "x"), w);
}

/**
 * oneDNN's gradient of a filter of one element with gaps between its windows writes behind its buffer, and into that of the
 * next thread, where the input has fewer channels than a register has lanes: at AVX2 fewer than 8 (1 to 6 were seen to), at
 * AVX-512 fewer than 16 (up to 15 seen) if the threads do not divide the batch. Decided by shape alone, so that the same sums
 * are taken on every processor.
 */
const isUnsafe = ({ kernel, strides }: Windows, channelsOfGroup: number): boolean =>
  channelsOfGroup < 16 && kernel.every((size) => size === 1) && strides.some((stride) => stride > 1);

/** Windows of one element without what lies between them: the same sums, with stride 1. */
function closeGaps(torch: Torch, x: Slot, w: Windows): { input: Slot; w: Windows } {
  const explicit = w.padding.map((padding): [number, number] => [padding, padding]);
  const padded = w.explicit === null && w.padding.some((padding) => padding > 0) ? { ...w, explicit } : w;
  const input = w.output.reduce(
    (slot, size, i) => {
      const stride = w.strides[i] as number;
      return torch.call("slice.Tensor", slot, i + 1, 0, (size - 1) * stride + 1, stride);
    },
    pad(torch, x, padded, 0),
  );
  const ones = w.strides.map(() => 1);
  return { input: torch.call("contiguous", input), w: { ...w, strides: ones, padding: ones.map(() => 0) } };
}

function filterGradient(torch: Torch, x: Slot, dy: Slot, filterShape: number[], info: Info, groups = 1): Slot {
  const given = windows(info);
  if (isWinograd(torch, given, info, groups))
    return torch.call(winograd.filterGradient, pad(torch, x, given, 0), dy, given.padding);
  const { input, w } = isUnsafe(given, filterShape.at(-2) as number)
    ? closeGaps(torch, operand(torch, x), given)
    : { input: pad(torch, operand(torch, x), given, 0), w: given };
  const none = emptyFilter(torch, filterShape);
  return inFloat32(torch, gradient(torch, operand(torch, dy), input, none, w, groups, "filter"));
}

/** An image as NHWC, whatever its format, and back. */
const toNHWC = (torch: Torch, x: TensorInfo, { dataFormat }: Attrs): Slot =>
  dataFormat === "NCHW" ? torch.call("permute", x, [0, 2, 3, 1]) : torch.backend.slotOf(x);
const fromNHWC = (torch: Torch, x: Slot, { dataFormat }: Attrs): Slot =>
  dataFormat === "NCHW" ? torch.call("permute", x, [0, 3, 1, 2]) : x;

function conv2d(torch: Torch, x: TensorInfo, filter: TensorInfo, attrs: Attrs): { y: Slot; shape: number[] } {
  const info = infoOf(x.shape, filter.shape, attrs);
  const y = forward(torch, toNHWC(torch, x, attrs), layOut(torch, filter), info);
  return { y: fromNHWC(torch, y, attrs), shape: info.outShape };
}

/** A depthwise filter [h, w, channels, multiplier] as one group for each channel: [h, w, 1, channels · multiplier]. */
const grouped = ([h, w, channels, multiplier]: number[]) =>
  [h, w, 1, (channels as number) * (multiplier as number)] as number[];

function depthwise(torch: Torch, x: TensorInfo, filter: TensorInfo, attrs: Attrs): { y: Slot; shape: number[] } {
  const info = infoOf(x.shape, filter.shape, attrs, true);
  const weight = torch.call("reshape", operand(torch, filter), grouped(filter.shape));
  const y = forward(torch, toNHWC(torch, x, attrs), weight, info, info.inChannels);
  return { y: fromNHWC(torch, y, attrs), shape: info.outShape };
}

export const conv: Kernels = {
  Conv2D: (torch, { x, filter }, attrs) => {
    const { y, shape } = conv2d(torch, x, filter, attrs);
    return torch.tensor(y, shape, "float32");
  },
  Conv2DBackpropInput: (torch, { dy, filter }, attrs) => {
    const info = infoOf(attrs.inputShape, filter.shape, attrs);
    assertGradient(dy, info);
    const dx = inputGradient(torch, toNHWC(torch, dy, attrs), layOut(torch, filter), info);
    return torch.tensor(fromNHWC(torch, dx, attrs), info.inShape, "float32");
  },
  Conv2DBackpropFilter: (torch, { x, dy }, attrs) => {
    const info = infoOf(x.shape, attrs.filterShape, attrs);
    assertGradient(dy, info);
    const [input, output] = [toNHWC(torch, x, attrs), toNHWC(torch, dy, attrs)];
    return torch.tensor(filterGradient(torch, input, output, attrs.filterShape, info), attrs.filterShape, "float32");
  },
  FusedConv2D: (torch, { x, filter, ...rest }, attrs) => {
    const { y, shape } = conv2d(torch, x, filter, attrs);
    return torch.tensor(epilogue(torch, y, rest, attrs), shape, "float32");
  },

  DepthwiseConv2dNative: (torch, { x, filter }, attrs) => {
    const { y, shape } = depthwise(torch, x, filter, attrs);
    return torch.tensor(y, shape, "float32");
  },
  DepthwiseConv2dNativeBackpropInput: (torch, { dy, filter }, attrs) => {
    const info = infoOf(attrs.inputShape, filter.shape, attrs, true);
    assertGradient(dy, info);
    const weight = torch.call("reshape", operand(torch, filter), grouped(filter.shape));
    const dx = inputGradient(torch, toNHWC(torch, dy, attrs), weight, info, info.inChannels);
    return torch.tensor(fromNHWC(torch, dx, attrs), info.inShape, "float32");
  },
  DepthwiseConv2dNativeBackpropFilter: (torch, { x, dy }, attrs) => {
    const { filterShape } = attrs;
    const info = infoOf(x.shape, filterShape, attrs, true);
    assertGradient(dy, info);
    const [input, output] = [toNHWC(torch, x, attrs), toNHWC(torch, dy, attrs)];
    const dFilter = filterGradient(torch, input, output, grouped(filterShape), info, info.inChannels);
    return torch.tensor(torch.call("reshape", dFilter, filterShape), filterShape, "float32");
  },
  FusedDepthwiseConv2D: (torch, { x, filter, ...rest }, attrs) => {
    const { y, shape } = depthwise(torch, x, filter, attrs);
    return torch.tensor(epilogue(torch, y, rest, attrs), shape, "float32");
  },

  Conv3D: (torch, { x, filter }, attrs) => {
    const info = info3DOf(x.shape, filter.shape, attrs);
    const y = forward(torch, torch.backend.slotOf(x), layOut(torch, filter), info);
    return torch.tensor(y, info.outShape, "float32");
  },
  Conv3DBackpropInputV2: (torch, { dy, filter }, attrs) => {
    const info = info3DOf(attrs.inputShape, filter.shape, attrs);
    assertGradient(dy, info);
    const dx = inputGradient(torch, torch.backend.slotOf(dy), layOut(torch, filter), info);
    return torch.tensor(dx, info.inShape, "float32");
  },
  Conv3DBackpropFilterV2: (torch, { x, dy }, attrs) => {
    const { filterShape } = attrs;
    const info = info3DOf(x.shape, filterShape, attrs);
    assertGradient(dy, info);
    const [input, output] = [torch.backend.slotOf(x), torch.backend.slotOf(dy)];
    return torch.tensor(filterGradient(torch, input, output, filterShape, info), filterShape, "float32");
  },
};
