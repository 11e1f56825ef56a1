/** Pooling, channels last, over two or three dimensions. Padding counts neither in a maximum nor in an average. */
import { backend_util, type DataType, type TensorInfo } from "@tensorflow/tfjs-core";
import { type Kernel, type Kernels, op, scalarType, scalarTypeOf, type Torch } from "../aten.ts";
import { type Slot, view } from "../bridge.ts";
import { assertGradient, type Info, pad, unpad, type Windows, windowsOf } from "./windows.ts";

const { same, nhwc } = view;

interface Family {
  max: ReturnType<typeof op>;
  maxBackward: ReturnType<typeof op>;
  average: ReturnType<typeof op>;
  averageBackward: ReturnType<typeof op>;
  /** x as floating point, in a type that the operators have. */
  numbers(torch: Torch, x: TensorInfo): Slot;
  info(x: TensorInfo, attrs: Attrs): Info;
}

// biome-ignore lint/suspicious/noExplicitAny: attributes of a kernel
type Attrs = any;

const operators = (d: "2d" | "3d") => ({
  max: op(`max_pool${d}_with_indices`, { in: [nhwc], out: [nhwc, nhwc] }),
  maxBackward: op(`max_pool${d}_with_indices_backward`, {
    in: [nhwc, nhwc, same, same, same, same, same, nhwc],
    out: [nhwc],
  }),
  average: op(`avg_pool${d}`, { in: [nhwc], out: [nhwc] }),
  averageBackward: op(`avg_pool${d}_backward`, { in: [nhwc, nhwc], out: [nhwc] }),
});

const pool2d: Family = {
  ...operators("2d"),
  numbers: (torch, x) => torch.cast(x, "float32"),
  info: ({ shape }, { filterSize, strides, dilations = 1, pad, dimRoundingMode }) =>
    backend_util.computePool2DInfo(
      shape as [number, number, number, number],
      filterSize,
      strides,
      dilations,
      pad,
      dimRoundingMode,
    ),
};

const pool3d: Family = {
  ...operators("3d"),
  numbers: (torch, x) => torch.cast(torch.backend.slotOf(x), "float32"), // no bfloat16 on the CPU
  info: ({ shape }, { filterSize, strides, pad, dimRoundingMode }) =>
    backend_util.computePool3DInfo(
      shape as [number, number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    ),
};

const windows = (info: Info) => windowsOf(info, (kernel) => kernel / 2);

/** The result where no window fits. */
function nothing(torch: Torch, { outShape }: Info, dtype: DataType): TensorInfo {
  return torch.tensor(torch.call("full", outShape, 0, scalarTypeOf(dtype)), outShape, dtype);
}

/** The input of a maximum, padded. TensorFlow.js passes over NaN, torch would return it. */
function candidates(torch: Torch, family: Family, x: TensorInfo, w: Windows): Slot {
  const numbers = torch.call(
    "nan_to_num",
    family.numbers(torch, x),
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  );
  return pad(torch, numbers, w, Number.NEGATIVE_INFINITY);
}

/** Maxima and where they were. */
function maxima(torch: Torch, { max }: Family, input: Slot, w: Windows): [Slot, Slot] {
  return torch.callMany(2, max, input, w.kernel, w.strides, w.padding, w.dilations, false) as [Slot, Slot];
}

/** How many real elements each window of an unevenly padded input has, at least 1, for one image of one channel. */
function counts(torch: Torch, { average }: Family, w: Windows): Slot {
  const ones = pad(torch, torch.call("full", [1, ...w.input, 1], 1, scalarType.float32), w, 0);
  return torch.call("clamp_min", torch.call(average, ones, w.kernel, w.strides, w.padding, false, true, 1), 1);
}

const maxPool =
  (family: Family): Kernel =>
  (torch, { x }, attrs) => {
    const info = family.info(x, attrs);
    const w = windows(info);
    if (w.none) return nothing(torch, info, x.dtype);
    const [y] = maxima(torch, family, candidates(torch, family, x, w), w);
    return torch.tensor(torch.like(y, x), info.outShape, x.dtype);
  };

const maxPoolGrad =
  (family: Family): Kernel =>
  (torch, { dy, input }, attrs) => {
    const info = family.info(input, attrs);
    assertGradient(dy, info);
    const w = windows(info);
    const x = candidates(torch, family, input, w);
    const [, indices] = maxima(torch, family, x, w);
    const dx = torch.call(
      family.maxBackward,
      torch.like(dy, x),
      x,
      w.kernel,
      w.strides,
      w.padding,
      w.dilations,
      false,
      indices,
    );
    return torch.tensor(unpad(torch, dx, w), input.shape, "float32");
  };

const avgPool =
  (family: Family): Kernel =>
  (torch, { x }, attrs) => {
    const info = family.info(x, attrs);
    const w = windows(info);
    if (w.none) return nothing(torch, info, "float32");
    const input = pad(torch, family.numbers(torch, x), w, 0);
    if (!w.explicit) {
      const y = torch.call(family.average, input, w.kernel, w.strides, w.padding, false, false);
      return torch.tensor(y, info.outShape, "float32");
    }
    const sums = torch.call(family.average, input, w.kernel, w.strides, w.padding, false, true, 1);
    return torch.tensor(
      torch.call("div.Tensor", sums, torch.like(counts(torch, family, w), sums)),
      info.outShape,
      "float32",
    );
  };

const avgPoolGrad =
  (family: Family): Kernel =>
  (torch, { dy, input }, attrs) => {
    const info = family.info(input, attrs);
    assertGradient(dy, info);
    const w = windows(info);
    const dOutput = family.numbers(torch, dy);
    const x = torch.call("new_empty", dOutput, w.paddedShape); // only its shape and type count
    const { averageBackward } = family;
    if (!w.explicit) {
      const dx = torch.call(averageBackward, dOutput, x, w.kernel, w.strides, w.padding, false, false, null);
      return torch.tensor(dx, input.shape, "float32");
    }
    const share = torch.call("div.Tensor", dOutput, torch.like(counts(torch, family, w), dOutput));
    const dx = torch.call(averageBackward, share, x, w.kernel, w.strides, w.padding, false, true, 1);
    return torch.tensor(unpad(torch, dx, w), input.shape, "float32");
  };

export const pool: Kernels = {
  MaxPool: maxPool(pool2d),
  MaxPoolGrad: maxPoolGrad(pool2d),
  AvgPool: avgPool(pool2d),
  AvgPoolGrad: avgPoolGrad(pool2d),
  MaxPool3D: maxPool(pool3d),
  MaxPool3DGrad: maxPoolGrad(pool3d),
  AvgPool3D: avgPool(pool3d),
  AvgPool3DGrad: avgPoolGrad(pool3d),
};
