/** Pooling over NHWC images. Padding counts neither in a maximum nor in an average, as in TensorFlow. */
import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { type Kernels, op, scalarType, type Torch } from "../aten.ts";
import { type Slot, view } from "../bridge.ts";
import { pad, unpad, type Windows, windowsOf } from "./windows.ts";

const { same, nhwc } = view;
const max = op("max_pool2d_with_indices", { in: [nhwc], out: [nhwc, nhwc] });
const maxBackward = op("max_pool2d_with_indices_backward", {
  in: [nhwc, nhwc, same, same, same, same, same, nhwc],
  out: [nhwc],
});
const average = op("avg_pool2d", { in: [nhwc], out: [nhwc] });
const averageBackward = op("avg_pool2d_backward", { in: [nhwc, nhwc], out: [nhwc] });

// biome-ignore lint/suspicious/noExplicitAny: attributes of a kernel
function infoOf(x: TensorInfo, attrs: any): { info: backend_util.Conv2DInfo; w: Windows } {
  const { filterSize, strides, dilations = 1, dimRoundingMode } = attrs;
  const info = backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    filterSize,
    strides,
    dilations,
    attrs.pad,
    dimRoundingMode,
  );
  return { info, w: windowsOf(info, (kernel) => kernel / 2) };
}

/** Maxima and where they were. */
function maxima(torch: Torch, input: Slot, w: Windows): [Slot, Slot] {
  return torch.callMany(2, max, input, w.kernel, w.strides, w.padding, w.dilations, false) as [Slot, Slot];
}

/** How many real elements each window of an unevenly padded input has: [1, h, w, 1]. */
function counts(torch: Torch, info: backend_util.Conv2DInfo, w: Windows): Slot {
  const ones = pad(torch, torch.call("full", [1, info.inHeight, info.inWidth, 1], 1, scalarType.float32), w, 0);
  return torch.call(average, ones, w.kernel, w.strides, [0, 0], false, true, 1);
}

export const pool: Kernels = {
  MaxPool: (torch, { x }, attrs) => {
    const { info, w } = infoOf(x, attrs);
    const [y] = maxima(torch, pad(torch, torch.backend.slotOf(x), w, Number.NEGATIVE_INFINITY), w);
    return torch.tensor(y, info.outShape, x.dtype);
  },
  MaxPoolGrad: (torch, { dy, input }, attrs) => {
    const { info, w } = infoOf(input, attrs);
    const x = pad(torch, torch.backend.slotOf(input), w, Number.NEGATIVE_INFINITY);
    const [, indices] = maxima(torch, x, w);
    const dx = torch.call(maxBackward, dy, x, w.kernel, w.strides, w.padding, w.dilations, false, indices);
    return torch.tensor(unpad(torch, dx, w, info), input.shape, input.dtype);
  },
  AvgPool: (torch, { x }, attrs) => {
    const { info, w } = infoOf(x, attrs);
    if (!w.explicit) {
      return torch.tensor(torch.call(average, x, w.kernel, w.strides, w.padding, false, false), info.outShape, x.dtype);
    }
    const sums = torch.call(
      average,
      pad(torch, torch.backend.slotOf(x), w, 0),
      w.kernel,
      w.strides,
      [0, 0],
      false,
      true,
      1,
    );
    return torch.tensor(torch.call("div.Tensor", sums, counts(torch, info, w)), info.outShape, x.dtype);
  },
  AvgPoolGrad: (torch, { dy, input }, attrs) => {
    const { info, w } = infoOf(input, attrs);
    if (!w.explicit) {
      const dx = torch.call(averageBackward, dy, input, w.kernel, w.strides, w.padding, false, false, null);
      return torch.tensor(dx, input.shape, input.dtype);
    }
    const x = pad(torch, torch.backend.slotOf(input), w, 0);
    const share = torch.call("div.Tensor", dy, counts(torch, info, w));
    const dx = torch.call(averageBackward, share, x, w.kernel, w.strides, [0, 0], false, true, 1);
    return torch.tensor(unpad(torch, dx, w, info), input.shape, input.dtype);
  },
};
