/**
 * Convolutions. NHWC tensors are seen as torch's NCHW in channels_last layout, which is the same memory. Filters are
 * HWIO; torch's channels_last wants them as OHWI in memory, so a filter is laid out so once, in its own slot, and
 * keeps that layout through in-place SGD.
 */
import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { type Kernels, op, scalarType, type Torch } from "../aten.ts";
import { type Slot, view } from "../bridge.ts";
import { pad, unpad, windowsOf } from "./windows.ts";

const { same, nhwc, hwio } = view;
const convolution = op("convolution", { in: [nhwc, hwio], out: [nhwc] });
const backward = op("convolution_backward", { in: [nhwc, nhwc, hwio], out: [nhwc, hwio, same] });
const layOutFilter = op("contiguous", { in: [hwio], out: [hwio] });
const channelsLast = 2; // at::MemoryFormat

interface Attrs {
  strides: [number, number] | number;
  dilations?: [number, number] | number;
  pad: "valid" | "same" | number | backend_util.ExplicitPadding;
  dimRoundingMode?: "floor" | "round" | "ceil";
  dataFormat?: "NHWC" | "NCHW";
}

function infoOf(xShape: number[], filterShape: number[], attrs: Attrs): backend_util.Conv2DInfo {
  const format = backend_util.convertConv2DDataFormat(attrs.dataFormat ?? "NHWC");
  if (format !== "channelsLast") throw new Error("conv2d: the torch backend takes NHWC only");
  return backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    format,
  );
}

const windows = (info: backend_util.Conv2DInfo) => windowsOf(info, () => Number.POSITIVE_INFINITY);

/** The filter, laid out for channels_last where it lies. Free when it already is. */
function layOut(torch: Torch, filter: TensorInfo): Slot {
  const slot = torch.backend.slotOf(filter);
  torch.into(slot, layOutFilter, slot, channelsLast);
  return slot;
}

/** A filter without values, in the layout that real ones have. */
function emptyFilter(torch: Torch, info: backend_util.Conv2DInfo): Slot {
  const { outChannels, filterHeight, filterWidth, inChannels } = info;
  const ohwi = torch.call(
    "empty.memory_format",
    [outChannels, filterHeight, filterWidth, inChannels],
    scalarType.float32,
  );
  return torch.call("permute", ohwi, [1, 2, 3, 0]);
}

export const conv: Kernels = {
  Conv2D: (torch, { x, filter }, attrs) => {
    const info = infoOf(x.shape, filter.shape, attrs);
    const w = windows(info);
    const input = pad(torch, torch.backend.slotOf(x), w, 0);
    const y = torch.call(
      convolution,
      input,
      layOut(torch, filter),
      null,
      w.strides,
      w.padding,
      w.dilations,
      false,
      [0, 0],
      1,
    );
    return torch.tensor(y, info.outShape, "float32");
  },
  // The operator gives both gradients; the operand that only lends its shape is left without values.
  Conv2DBackpropInput: (torch, { dy, filter }, attrs) => {
    const info = infoOf(attrs.inputShape, filter.shape, attrs);
    const w = windows(info);
    const x = torch.call("empty.memory_format", w.paddedShape, scalarType.float32);
    const [dx] = torch.callMany(
      3,
      backward,
      dy,
      x,
      layOut(torch, filter),
      null,
      w.strides,
      w.padding,
      w.dilations,
      false,
      [0, 0],
      1,
      [true, false, false],
    ) as [Slot];
    return torch.tensor(unpad(torch, dx, w, info), info.inShape, "float32");
  },
  Conv2DBackpropFilter: (torch, { x, dy }, attrs) => {
    const info = infoOf(x.shape, attrs.filterShape, attrs);
    const w = windows(info);
    const input = pad(torch, torch.backend.slotOf(x), w, 0);
    const [, dFilter] = torch.callMany(
      3,
      backward,
      dy,
      input,
      emptyFilter(torch, info),
      null,
      w.strides,
      w.padding,
      w.dilations,
      false,
      [0, 0],
      1,
      [false, true, false],
    ) as [Slot, Slot];
    return torch.tensor(dFilter, attrs.filterShape, "float32");
  },
};
