/** Grayscale dilation: the largest of input + filter in each window. */
import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { type Kernels, op, scalarType, type Torch } from "../aten.ts";
import { type Slot, view } from "../bridge.ts";
import { pad, unpad, type Windows, windowsOf } from "./windows.ts";

const toWindows = op("im2col", { in: [view.nhwc] });
const fromWindows = op("col2im", { out: [view.nhwc] });

// biome-ignore lint/suspicious/noExplicitAny: attributes of a kernel
function infoOf(x: TensorInfo, filter: TensorInfo, { strides, pad, dilations }: any) {
  return backend_util.computeDilation2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
    strides,
    pad,
    "NHWC",
    dilations,
  );
}

/** Always with explicit padding: what lies outside must lose against everything, not count as zero. */
const windows = (info: backend_util.Conv2DInfo) => windowsOf(info, () => -1);

/** input + filter for every place in every window: [batch, channels, place in window, window]. */
function candidates(torch: Torch, x: TensorInfo, filter: TensorInfo, w: Windows): Slot {
  const [batch, , , channels] = x.shape as [number, number, number, number];
  const padded = pad(torch, torch.backend.slotOf(x), w, Number.NEGATIVE_INFINITY);
  const columns = torch.call(toWindows, padded, w.kernel, w.dilations, [0, 0], w.strides);
  const patches = torch.call("reshape", columns, [batch, channels, w.kernel.reduce((a, b) => a * b), -1]);
  const weights = torch.call("reshape", torch.call("permute", filter, [2, 0, 1]), [channels, -1, 1]);
  return torch.call("add.Tensor", patches, weights);
}

/** `dy` at the place in each window that gave the maximum, zero elsewhere; shaped as `candidates`. */
function spread(torch: Torch, x: TensorInfo, filter: TensorInfo, dy: TensorInfo, w: Windows): Slot {
  const [batch, , , channels] = x.shape as [number, number, number, number];
  const all = candidates(torch, x, filter, w);
  const winner = torch.call("argmax", all, 2, true);
  const dyByWindow = torch.call("permute", torch.call("reshape", dy, [batch, -1, channels]), [0, 2, 1]);
  const zeros = torch.call("zeros_like", all);
  return torch.call("scatter.src", zeros, 2, winner, torch.call("unsqueeze", dyByWindow, 2));
}

export const morphology: Kernels = {
  Dilation2D: (torch, { x, filter }, attrs) => {
    const info = infoOf(x, filter, attrs);
    const best = torch.call("amax", candidates(torch, x, filter, windows(info)), [2]);
    const y = torch.call("reshape", torch.call("permute", best, [0, 2, 1]), info.outShape);
    return torch.tensor(torch.cast(y, x.dtype), info.outShape, x.dtype);
  },
  Dilation2DBackpropInput: (torch, { x, filter, dy }, attrs) => {
    const w = windows(infoOf(x, filter, attrs));
    const [batch, height, width, channels] = w.paddedShape as [number, number, number, number];
    const columns = torch.call("reshape", spread(torch, x, filter, dy, w), [
      batch,
      channels * w.kernel.reduce((a, b) => a * b),
      -1,
    ]);
    const dx = torch.call(fromWindows, columns, [height, width], w.kernel, w.dilations, [0, 0], w.strides);
    return torch.tensor(unpad(torch, dx, w), x.shape, "float32");
  },
  Dilation2DBackpropFilter: (torch, { x, filter, dy }, attrs) => {
    const w = windows(infoOf(x, filter, attrs));
    const sums = torch.call("sum.dim_IntList", spread(torch, x, filter, dy, w), [0, 3], false, scalarType.float32);
    const dFilter = torch.call("reshape", torch.call("permute", sums, [1, 0]), filter.shape);
    return torch.tensor(dFilter, filter.shape, "float32");
  },
};
