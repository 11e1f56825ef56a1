/** Reading and writing by index. */
import { backend_util, gather_util, scatter_util, type Tensor, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { axesOf, type Kernels, scalarType, scalarTypeOf, type Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

/** Rows [count, rank] of coordinates as one row number each. */
const flatIndex = (torch: Torch, coordinates: Slot, strides: number[]): Slot =>
  torch.call(
    "sum.dim_IntList",
    torch.call("mul.Tensor", coordinates, torch.ints(strides)),
    [1],
    false,
    scalarType.int64,
  );

/** The rows that `updates` writes, as a matrix, with their numbers in an output of [rows, row length] = `size`. */
function rowsOf(torch: Torch, indices: TensorInfo, updates: TensorInfo, shape: number[]) {
  const { sliceRank, numUpdates, sliceSize, strides, outputSize } = scatter_util.calculateShapes(
    updates as Tensor,
    indices as Tensor,
    shape,
  );
  const coordinates = torch.call("reshape", indices, [numUpdates, sliceRank]);
  const given = torch.call("reshape", updates, updates.shape.length === 0 ? [1, 1] : [numUpdates, sliceSize]);
  return {
    rows: torch.call("expand", given, [numUpdates, sliceSize]), // one update may serve all
    index: flatIndex(torch, coordinates, strides.slice(0, sliceRank)),
    size: [outputSize / sliceSize, sliceSize],
  };
}

export const gather: Kernels = {
  GatherV2: (torch, { x, indices }, { axis, batchDims }) => {
    const [a] = axesOf(axis, x.shape) as [number];
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
      backend_util.segment_util.collectGatherOpShapeInfo(x, indices, a, batchDims);
    // [batch, outer, dim, slice] picked by [batch, n]
    const source = torch.call("reshape", x, [batchSize, outerSize, dimSize, sliceSize]);
    const index = torch.call("reshape", indices, [batchSize, -1]);
    const picked = Array.from({ length: batchSize }, (_, batch) =>
      torch.call(
        "index_select",
        torch.call("select.int", source, 0, batch),
        1,
        torch.call("select.int", index, 0, batch),
      ),
    );
    const all = batchSize === 1 ? (picked[0] as Slot) : torch.call("stack", picked, 0);
    return torch.tensor(torch.call("reshape", all, outputShape), outputShape, x.dtype);
  },
  GatherNd: (torch, { params, indices }) => {
    const [shape, count, size, strides] = gather_util.prepareAndValidate(params, indices);
    const rank = indices.shape.at(-1) as number;
    const rows = torch.call("reshape", params, [-1, size]);
    const index = flatIndex(torch, torch.call("reshape", indices, [count, rank]), strides.slice(0, rank));
    return torch.tensor(torch.call("reshape", torch.call("index_select", rows, 0, index), shape), shape, params.dtype);
  },
  ScatterNd: (torch, { indices, updates }, { shape }) => {
    const { rows, index, size } = rowsOf(torch, indices, updates, shape);
    const zeros = torch.call("full", size, 0, scalarTypeOf(updates.dtype));
    const sums = torch.call("index_add", zeros, 0, index, rows);
    return torch.tensor(torch.call("reshape", sums, shape), shape, updates.dtype);
  },
  TensorScatterUpdate: (torch, { tensor, indices, updates }) => {
    const { rows, index, size } = rowsOf(torch, indices, updates, tensor.shape);
    const copied = torch.call("index_copy", torch.call("reshape", tensor, size), 0, index, rows);
    return torch.tensor(torch.call("reshape", copied, tensor.shape), tensor.shape, tensor.dtype);
  },
  SparseToDense: (torch, { sparseIndices, sparseValues, defaultValue }, { outputShape }) => {
    const { rows, index, size } = rowsOf(torch, sparseIndices, sparseValues, outputShape);
    const filled = torch.call("expand", torch.call("reshape", defaultValue, [1, 1]), size);
    const copied = torch.call("index_copy", torch.call("clone", filled), 0, index, rows);
    return torch.tensor(torch.call("reshape", copied, outputShape), outputShape, sparseValues.dtype);
  },
  // Ids outside of the segments are passed over: they are summed in a row of their own, which is cut off.
  UnsortedSegmentSum: (torch, { x, segmentIds }, { numSegments }) => {
    const shape = [numSegments, ...x.shape.slice(1)];
    const zeros = torch.call("full", [numSegments + 1, ...x.shape.slice(1)], 0, scalarTypeOf(x.dtype));
    const below = torch.call("lt.Scalar", segmentIds, 0);
    const index = torch.call(
      "clamp_max",
      torch.call("masked_fill.Scalar", segmentIds, below, numSegments),
      numSegments,
    );
    const sums = torch.call("index_add", zeros, 0, index, x);
    return torch.tensor(torch.call("slice.Tensor", sums, 0, 0, numSegments, 1), shape, x.dtype);
  },
  OneHot: (torch, { indices }, { depth, onValue, offValue, dtype }) => {
    util.assert(
      Number.isInteger(depth) && depth >= 0,
      () => `oneHot: depth must be a positive integer, but is ${depth}`,
    );
    const classes = torch.call("arange", depth, scalarTypeOf("int32"));
    const hit = torch.call("eq.Tensor", torch.call("unsqueeze", indices, -1), classes);
    const filled = torch.call("where.Scalar", hit, onValue, offValue);
    return torch.tensor(torch.cast(filled, dtype), [...indices.shape, depth], dtype);
  },
};
