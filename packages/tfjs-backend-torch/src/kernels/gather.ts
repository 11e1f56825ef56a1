/** Reading and writing by index. */
import { backend_util, gather_util, scatter_util } from "@tensorflow/tfjs-core";
import { axesOf, type Kernels, scalarTypeOf, type Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";

/** Rows [count, rank] of coordinates as one row number each. */
const flatIndex = (torch: Torch, coordinates: Slot, strides: number[]): Slot =>
  torch.call(
    "sum.dim_IntList",
    torch.call("mul.Tensor", coordinates, torch.ints(strides)),
    [1],
    false,
    scalarTypeOf("int32"),
  );

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
    const { sliceRank, numUpdates, sliceSize, strides, outputSize } = scatter_util.calculateShapes(
      updates,
      indices,
      shape,
    );
    const zeros = torch.call("full", [outputSize / sliceSize, sliceSize], 0, scalarTypeOf(updates.dtype));
    const index = flatIndex(
      torch,
      torch.call("reshape", indices, [numUpdates, sliceRank]),
      strides.slice(0, sliceRank),
    );
    const rows = torch.call("reshape", updates, [numUpdates, sliceSize]);
    return torch.tensor(
      torch.call("reshape", torch.call("index_add", zeros, 0, index, rows), shape),
      shape,
      updates.dtype,
    );
  },
  UnsortedSegmentSum: (torch, { x, segmentIds }, { numSegments }) => {
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    const zeros = torch.call("full", shape, 0, scalarTypeOf(x.dtype));
    return torch.tensor(torch.call("index_add", zeros, 0, segmentIds, x), shape, x.dtype);
  },
  OneHot: (torch, { indices }, { depth, onValue, offValue, dtype }) => {
    const classes = torch.call("arange", depth, scalarTypeOf("int32"));
    const hit = torch.call("eq.Tensor", torch.call("unsqueeze", indices, -1), classes);
    const filled = torch.call("where.Scalar", hit, onValue, offValue);
    return torch.tensor(torch.cast(filled, dtype), [...indices.shape, depth], dtype);
  },
};
