/** Reductions, scans and selections along axes. */
import { type DataType, util } from "@tensorflow/tfjs-core";
import { axesOf, axisOf, type Kernel, type Kernels, reducedShape, scalarTypeOf } from "../aten.ts";

/** Sums and means; `dtype` maps the input's to the result's. */
const accumulate =
  (operator: string, dtype: (x: DataType) => DataType): Kernel =>
  (torch, { x }, { axis, keepDims = false }) => {
    const axes = axesOf(axis, x.shape);
    const type = dtype(x.dtype);
    // torch reads an empty list of axes as "all"
    if (axes.length === 0) return torch.tensor(torch.cast(x, type), x.shape, type);
    return torch.tensor(
      torch.call(operator, x, axes, keepDims, scalarTypeOf(type)),
      reducedShape(x.shape, axes, keepDims),
      type,
    );
  };

const extreme =
  (operator: string): Kernel =>
  (torch, { x }, { axis, reductionIndices, keepDims = false }) => {
    const axes = axesOf(reductionIndices ?? axis, x.shape);
    if (axes.length === 0) return torch.same(x);
    return torch.tensor(torch.call(operator, x, axes, keepDims), reducedShape(x.shape, axes, keepDims), x.dtype);
  };

/** Where the extreme is; NaN is passed over, as TensorFlow.js does. */
const position =
  (operator: string, worst: number): Kernel =>
  (torch, { x }, { axis }) => {
    const axes = axesOf(axis, x.shape);
    util.assert(axes.length === 1, () => `${operator} takes one axis, not ${axes.length}`);
    const infinities = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    // an int32 does not fit a float32, and has no NaN
    const numbers = x.dtype === "int32" ? x : torch.call("nan_to_num", torch.cast(x, "float32"), worst, ...infinities);
    const at = torch.cast(torch.call(operator, numbers, axes[0], false), "int32");
    return torch.tensor(at, reducedShape(x.shape, axes, false), "int32");
  };

/** Operators that take one axis, applied to each in turn. */
const oneByOne =
  (operator: string): Kernel =>
  (torch, { x }, { axis, keepDims = false }) => {
    const axes = axesOf(axis, x.shape);
    const reduced = axes.reduce((slot, a) => torch.call(operator, slot, a, true), torch.backend.slotOf(x));
    const shape = reducedShape(x.shape, axes, keepDims);
    return torch.tensor(torch.cast(torch.call("reshape", reduced, shape), x.dtype), shape, x.dtype);
  };

const scan =
  (operator: string, neutral: number): Kernel =>
  (torch, { x }, { axis, exclusive, reverse }) => {
    const a = axisOf(axis, x.shape.length);
    if (x.shape[a] === 0) return torch.same(x);
    let slot = torch.call("reshape", x, x.shape);
    if (reverse) slot = torch.call("flip", slot, [a]);
    if (exclusive) {
      const padding = [...Array(2 * (x.shape.length - 1 - a)).fill(0), 1, 0];
      slot = torch.call("constant_pad_nd", torch.call("slice.Tensor", slot, a, 0, x.shape[a] - 1, 1), padding, neutral);
    }
    slot = torch.call(operator, slot, a, scalarTypeOf(x.dtype));
    if (reverse) slot = torch.call("flip", slot, [a]);
    return torch.tensor(slot, x.shape, x.dtype);
  };

export const reduce: Kernels = {
  Sum: accumulate("sum.dim_IntList", (x) => (x === "bool" ? "int32" : x)),
  Mean: accumulate("mean.dim", () => "float32"),
  Max: extreme("amax"),
  Min: extreme("amin"),
  Prod: oneByOne("prod.dim_int"),
  All: oneByOne("all.dim"),
  Any: oneByOne("any.dim"),
  ArgMax: position("argmax", Number.NEGATIVE_INFINITY),
  ArgMin: position("argmin", Number.POSITIVE_INFINITY),
  Cumsum: scan("cumsum", 0),
  Cumprod: scan("cumprod", 1),
  // A stable sort, not `topk`: TensorFlow.js promises that of equal values the lower index comes first.
  TopK: (torch, { x }, { k }) => {
    const size = x.shape.at(-1) ?? 0;
    util.assert(Number.isInteger(k) && k >= 0 && k <= size, () => `topk: k must be from 0 to ${size}, but is ${k}`);
    const shape = [...x.shape.slice(0, -1), k];
    const sorted = torch.callMany(2, "sort.stable", x, true, -1, true);
    const [values, indices] = sorted.map((slot) => torch.call("slice.Tensor", slot, -1, 0, k, 1)) as [number, number];
    return [
      torch.tensor(torch.call("clone", values), shape, x.dtype), // a view would keep all of the sorted copy alive
      torch.tensor(torch.cast(indices, "int32"), shape, "int32"),
    ];
  },
};
