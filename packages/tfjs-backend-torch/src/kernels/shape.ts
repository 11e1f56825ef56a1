/** Operations that move, join, cut or make values without computing on them. */
import { backend_util, slice_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { axesOf, axisOf, type Kernels, scalarTypeOf } from "../aten.ts";

const listOf = (inputs: unknown) =>
  Object.values(inputs as Record<string, TensorInfo>) as [TensorInfo, ...TensorInfo[]];

/** TensorFlow.js pads first axis first, torch last axis first. */
const torchPadding = (paddings: [number, number][]) => [...paddings].reverse().flat();

export const shape: Kernels = {
  Reshape: (torch, { x }, { shape }) => {
    const target = util.inferFromImplicitShape(shape, util.sizeFromShape(x.shape));
    util.assert(
      util.sizeFromShape(target) === util.sizeFromShape(x.shape),
      () => `cannot reshape ${x.shape} to ${shape}`,
    );
    if (x.dtype === "string") return { ...torch.same(x), shape: target };
    return torch.tensor(torch.call("reshape", x, target), target, x.dtype);
  },
  ExpandDims: (torch, { input }, { dim }) => {
    const shape = [...input.shape];
    const [axis] = axesOf(dim, [...shape, 1]) as [number];
    shape.splice(axis, 0, 1);
    return torch.tensor(torch.call("reshape", input, shape), shape, input.dtype);
  },
  Transpose: (torch, { x }, { perm }) =>
    torch.tensor(
      torch.call("permute", x, perm),
      perm.map((axis: number) => x.shape[axis]),
      x.dtype,
    ),
  Reverse: (torch, { x }, { dims }) => torch.tensor(torch.call("flip", x, axesOf(dims, x.shape)), x.shape, x.dtype),
  Tile: (torch, { x }, { reps }) => {
    util.assert(reps.length === x.shape.length, () => `tile: ${reps.length} reps for rank ${x.shape.length}`);
    const shape = x.shape.map((d: number, i: number) => d * reps[i]);
    return torch.tensor(torch.call("tile", x, reps), shape, x.dtype);
  },
  PadV2: (torch, { x }, { paddings, constantValue }) => {
    const shape: number[] = x.shape.map((d: number, i: number) => d + paddings[i][0] + paddings[i][1]);
    util.assert(shape.every(Number.isInteger), () => `cannot pad ${x.shape} by ${paddings}`);
    return torch.tensor(torch.call("constant_pad_nd", x, torchPadding(paddings), constantValue), shape, x.dtype);
  },
  // A copy, not a view: a slice of a whole data set must not keep the data set alive.
  Slice: (torch, { x }, { begin, size }) => {
    const [starts, sizes] = slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
    slice_util.assertParamsValid(x, starts, sizes);
    util.assert(
      starts.every((start) => start >= 0) && sizes.every((size) => size >= 0),
      () => `cannot slice ${sizes} from ${starts} out of ${x.shape}`,
    );
    const cut = starts.reduce(
      (slot, start, axis) => torch.call("slice.Tensor", slot, axis, start, start + (sizes[axis] as number), 1),
      torch.call("reshape", x, x.shape),
    );
    return torch.tensor(torch.call("clone", cut), sizes, x.dtype);
  },
  StridedSlice: (torch, { x }, { begin, end, strides, ...masks }) => {
    const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = masks;
    const info = slice_util.sliceInfo(
      x.shape,
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    let slot = torch.call("reshape", x, x.shape);
    const sizes = slice_util.computeOutShape(info.begin, info.end, info.strides);
    for (const [axis, size] of sizes.entries()) {
      const start = info.begin[axis] as number;
      const stride = info.strides[axis] as number;
      // torch has no negative strides: the same elements from the other end, then flipped
      const first = stride > 0 ? start : start + (size - 1) * stride;
      const last = stride > 0 ? start + (size - 1) * stride : start;
      slot = torch.call("slice.Tensor", slot, axis, size ? first : 0, size ? last + 1 : 0, Math.abs(stride));
      if (stride < 0) slot = torch.call("flip", slot, [axis]);
    }
    return torch.tensor(torch.call("clone", torch.call("reshape", slot, info.finalShape)), info.finalShape, x.dtype);
  },
  Concat: (torch, inputs, { axis }) => {
    const all = listOf(inputs);
    const [a] = axesOf(axis, all[0].shape) as [number];
    const shapes = all.map((x) => x.shape);
    backend_util.assertParamsConsistent(shapes, a);
    const shape = backend_util.computeOutShape(shapes, a);
    const filled = all.filter((x) => util.sizeFromShape(x.shape) > 0);
    if (filled.length === 0)
      return torch.tensor(torch.call("full", shape, 0, scalarTypeOf(all[0].dtype)), shape, all[0].dtype);
    return torch.tensor(torch.call("cat", filled, a), shape, all[0].dtype);
  },
  Pack: (torch, inputs, { axis }) => {
    const all = listOf(inputs);
    for (const { shape, dtype } of all) {
      util.assertShapesMatch(shape, all[0].shape, "All tensors passed to stack must have matching shapes");
      util.assert(dtype === all[0].dtype, () => "All tensors passed to stack must have matching dtypes");
    }
    const shape = [...all[0].shape];
    shape.splice(axisOf(axis, shape.length + 1), 0, all.length);
    return torch.tensor(torch.call("stack", all, axis), shape, all[0].dtype);
  },
  Unpack: (torch, { value }, { axis }) => {
    const a = axisOf(axis, value.shape.length);
    const shape = value.shape.filter((_: number, i: number) => i !== a);
    return Array.from({ length: value.shape[a] }, (_, i) =>
      torch.tensor(torch.call("clone", torch.call("select.int", value, a, i)), shape, value.dtype),
    );
  },
  SplitV: (torch, { x }, { numOrSizeSplits, axis }) => {
    const [a] = axesOf(axis, x.shape) as [number];
    let start = 0;
    return backend_util.prepareSplitSize(x, numOrSizeSplits, a).map((size) => {
      const part = torch.call("clone", torch.call("slice.Tensor", x, a, start, start + size, 1));
      start += size;
      return torch.tensor(
        part,
        x.shape.map((d: number, i: number) => (i === a ? size : d)),
        x.dtype,
      );
    });
  },
  Fill: (torch, _, { shape, value, dtype = util.inferDtype(value) }) => {
    if (dtype !== "string") return torch.tensor(torch.call("full", shape, value, scalarTypeOf(dtype)), shape, dtype);
    const values = Array(util.sizeFromShape(shape)).fill(util.encodeString(value));
    return { dataId: torch.backend.write(values, shape, dtype), shape, dtype };
  },
  LinSpace: (torch, _, { start, stop, num }) => {
    util.assert(Number.isInteger(num) && num > 0, () => `linspace: num must be a positive integer, but is ${num}`);
    return torch.tensor(torch.call("linspace", start, stop, num, scalarTypeOf("float32")), [num], "float32");
  },
  Range: (torch, _, { start, stop, step, dtype }) => {
    const empty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
    const size = empty ? 0 : Math.abs(Math.ceil((stop - start) / step));
    const count = torch.call("arange", size, scalarTypeOf(dtype));
    const stride = start < stop || step < 0 ? step : -1; // TensorFlow.js counts down when stop is below start
    return torch.tensor(torch.call("add.Scalar", torch.call("mul.Scalar", count, stride), start, 1), [size], dtype);
  },
};
