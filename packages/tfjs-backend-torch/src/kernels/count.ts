/** Counting and searching. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Kernels, scalarType, scalarTypeOf, type Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

/**
 * How often each number below `size` occurs in each of the `rows`, or its weights there: [rows, size]. Larger numbers
 * are counted in a column that is cut off; negative ones are refused by torch.
 */
function count(torch: Torch, x: TensorInfo, weights: TensorInfo, rows: number, size: number, binary: boolean): Slot {
  const kept = torch.call("clamp_max", torch.call("reshape", x, [rows, -1]), size);
  const index = torch.call("to.dtype", kept, scalarType.int64);
  const zeros = torch.call("full", [rows, size + 1], 0, scalarTypeOf(weights.dtype));
  const filled = () => {
    if (binary) return torch.call("scatter.value", zeros, 1, index, 1);
    const unweighted = util.sizeFromShape(weights.shape) === 0;
    const each = unweighted ? torch.call("full", x.shape, 1, scalarTypeOf(weights.dtype)) : weights;
    return torch.call("scatter_add", zeros, 1, index, torch.call("reshape", each, [rows, -1]));
  };
  return torch.call("clone", torch.call("slice.Tensor", filled(), 1, 0, size, 1));
}

export const counting: Kernels = {
  Bincount: (torch, { x, weights }, { size }) => {
    const counts = count(torch, x, weights, 1, size, false);
    return torch.tensor(torch.call("reshape", counts, [size]), [size], weights.dtype);
  },
  DenseBincount: (torch, { x, weights }, { size, binaryOutput }) => {
    util.assert(x.shape.length === 1 || x.shape.length === 2, () => "denseBincount: x must have rank 1 or 2");
    const rows = x.shape.length === 1 ? [] : [x.shape[0]];
    const counts = count(torch, x, weights, rows[0] ?? 1, size, binaryOutput ?? false);
    return torch.tensor(torch.call("reshape", counts, [...rows, size]), [...rows, size], weights.dtype);
  },
  SearchSorted: (torch, { sortedSequence, values }, { side }) =>
    torch.tensor(
      torch.call("searchsorted.Tensor", sortedSequence, values, true, side === "right"),
      values.shape,
      "int32",
    ),
};
