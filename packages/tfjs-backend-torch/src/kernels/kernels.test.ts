import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { delegatedKernels } from "../index.ts";
import { noise, on, relativeError } from "../testing.ts";
import { whereTorch } from "../where-torch.ts";

const a = () => noise([2, 3, 4], 1);
const b = () => noise([2, 3, 4], 2);
const row = () => noise([4], 3);
const image = () => noise([2, 7, 6, 3], 4) as tf.Tensor4D;
const positive = () => tf.add(tf.abs(a()), 0.1);
const ints = (...values: number[]) => tf.tensor1d(values, "int32");
const flags = () => tf.greater(a(), 0);

/** Each gives one tensor, the same on both backends. */
const cases: Record<string, () => tf.Tensor> = {
  // libtorch's own operator divides by the number of images
  "batchNorm of no images": () =>
    tf.batchNorm4d(tf.zeros([0, 2, 3, 4]), tf.zeros<tf.Rank.R1>([4]), tf.ones<tf.Rank.R1>([4])),
  abs: () => tf.abs(a()),
  neg: () => tf.neg(a()),
  square: () => tf.square(a()),
  sign: () => tf.sign(a()),
  floor: () => tf.floor(a()),
  ceil: () => tf.ceil(a()),
  round: () => tf.round(tf.mul(a(), 4)),
  relu: () => tf.relu(a()),
  relu6: () => tf.relu6(tf.mul(a(), 6)),
  leakyRelu: () => tf.leakyRelu(a(), 0.3),
  elu: () => tf.elu(a()),
  selu: () => tf.selu(a()),
  prelu: () => tf.prelu(a(), row()),
  exp: () => tf.exp(a()),
  expm1: () => tf.expm1(a()),
  log: () => tf.log(positive()),
  log1p: () => tf.log1p(positive()),
  sqrt: () => tf.sqrt(positive()),
  rsqrt: () => tf.rsqrt(positive()),
  reciprocal: () => tf.reciprocal(positive()),
  sigmoid: () => tf.sigmoid(a()),
  tanh: () => tf.tanh(a()),
  erf: () => tf.erf(a()),
  softplus: () => tf.softplus(a()),
  sin: () => tf.sin(a()),
  cos: () => tf.cos(a()),
  clip: () => tf.clipByValue(a(), -0.5, 0.25),
  step: () => tf.step(a()),
  "step with alpha": () => tf.step(a(), 0.5),
  logicalNot: () => tf.logicalNot(flags()),
  isNaN: () => tf.isNaN(tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY])),
  isFinite: () => tf.isFinite(tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY])),
  "cast to int32 cuts toward zero": () => tf.cast(tf.tensor1d([-1.7, -0.2, 0.9, 2.5]), "int32"),
  "cast to bool": () => tf.cast(tf.tensor1d([-1.7, 0, 0.9]), "bool"),
  add: () => tf.add(a(), row()),
  "add int32": () => tf.add(ints(1, 2), ints(3, 4)),
  sub: () => tf.sub(a(), b()),
  mul: () => tf.mul(row(), a()),
  div: () => tf.div(a(), tf.add(positive(), 1)),
  "div int32": () => tf.div(ints(7, -7, 9), ints(2, 2, 3)),
  pow: () => tf.pow(positive(), b()),
  mod: () => tf.mod(tf.tensor1d([5, -5, 5.5]), tf.tensor1d([3, 3, -2])),
  floorDiv: () => tf.floorDiv(ints(7, -7), ints(2, 2)),
  maximum: () => tf.maximum(a(), row()),
  minimum: () => tf.minimum(a(), b()),
  squaredDifference: () => tf.squaredDifference(a(), b()),
  atan2: () => tf.atan2(a(), b()),
  addN: () => tf.addN([a(), b(), a()]),
  greater: () => tf.greater(a(), b()),
  lessEqual: () => tf.lessEqual(a(), row()),
  equal: () => tf.equal(ints(1, 2, 3), ints(1, 0, 3)),
  notEqual: () => tf.notEqual(ints(1, 2), ints(1, 0)),
  logicalAnd: () => tf.logicalAnd(flags(), tf.greater(b(), 0)),
  logicalOr: () => tf.logicalOr(flags(), tf.greater(b(), 0)),
  where: () => tf.where(flags(), a(), b()),
  "where with broadcasting": () => tf.where(tf.greater(row(), 0), a(), b()),
  sum: () => tf.sum(a(), [0, 2]),
  "sum of all": () => tf.sum(a()),
  "sum of bool": () => tf.sum(flags()),
  "sum keepDims": () => tf.sum(a(), 1, true),
  "sum of a scalar": () => tf.sum(tf.scalar(3)),
  mean: () => tf.mean(a(), [1, 2]),
  "mean of int32": () => tf.mean(ints(1, 2)),
  prod: () => tf.prod(a(), 1),
  max: () => tf.max(a(), -1),
  min: () => tf.min(a(), [0, 1]),
  all: () => tf.all(flags(), 2),
  any: () => tf.any(flags(), [0, 2]),
  argMax: () => tf.argMax(a(), 1),
  argMin: () => tf.argMin(a(), -1),
  cumsum: () => tf.cumsum(a(), 1),
  "cumsum exclusive, reverse": () => tf.cumsum(a(), 1, true, true),
  cumprod: () => tf.cumprod(a(), 2, true),
  "moments, variance": () => tf.moments(image(), [0, 1, 2]).variance,
  "topk values": () => tf.topk(a(), 2).values,
  "topk indices, ties by index": () => tf.topk(ints(3, 7, 7, 1, 7), 4).indices,
  logSumExp: () => tf.logSumExp(a(), 1),
  reshape: () => tf.reshape(a(), [6, -1]),
  expandDims: () => tf.expandDims(a(), -2),
  transpose: () => tf.transpose(a(), [2, 0, 1]),
  "reshape of a transpose": () => tf.reshape(tf.transpose(a(), [2, 0, 1]), [-1]),
  reverse: () => tf.reverse(a(), [0, -1]),
  tile: () => tf.tile(a(), [1, 2, 3]),
  broadcastTo: () => tf.broadcastTo(row(), [2, 3, 4]),
  pad: () =>
    tf.pad(
      a(),
      [
        [1, 0],
        [0, 2],
        [1, 1],
      ],
      5,
    ),
  slice: () => tf.slice(a(), [1, 0, 1], [1, -1, 2]),
  stridedSlice: () => tf.stridedSlice(a(), [0, 2, 3], [2, 0, 0], [1, -1, -2]),
  "stridedSlice with masks": () => tf.stridedSlice(a(), [0, 1], [1, 3], [1, 1], 0, 0, 0, 0, 1),
  concat: () => tf.concat([a(), b()], 1),
  "concat with an empty one": () => tf.concat([a(), tf.zeros([2, 0, 4])], 1),
  stack: () => tf.stack([a(), b()], -1),
  unstack: () => tf.unstack(a(), 1)[2] as tf.Tensor,
  split: () => tf.split(a(), [1, 3], 2)[1] as tf.Tensor,
  fill: () => tf.fill([2, 2], 7, "int32"),
  range: () => tf.range(0, 7, 2),
  "range down": () => tf.range(5, 0, -2, "int32"),
  zerosLike: () => tf.zerosLike(a()),
  onesLike: () => tf.onesLike(ints(1, 2)),
  gather: () => tf.gather(a(), ints(2, 0, 0), 1),
  "gather with rank-2 indices": () =>
    tf.gather(
      a(),
      tf.tensor2d(
        [
          [0, 1],
          [1, 0],
        ],
        [2, 2],
        "int32",
      ),
      2,
    ),
  "gather with batchDims": () =>
    tf.gather(
      a(),
      tf.tensor2d(
        [
          [0, 2],
          [1, 1],
        ],
        [2, 2],
        "int32",
      ),
      1,
      1,
    ),
  gatherND: () =>
    tf.gatherND(
      a(),
      tf.tensor2d(
        [
          [0, 2],
          [1, 1],
        ],
        [2, 2],
        "int32",
      ),
    ),
  scatterND: () => tf.scatterND(tf.tensor2d([[3], [1], [3]], [3, 1], "int32"), noise([3, 2], 5), [5, 2]),
  unsortedSegmentSum: () => tf.unsortedSegmentSum(a(), ints(1, 1), 3),
  oneHot: () => tf.oneHot(ints(0, 2, 1), 3, 5, -1),
  conv2d: () => tf.conv2d(image(), noise([3, 3, 3, 4], 6) as tf.Tensor4D, 1, "same"),
  "conv2d, stride 2, uneven": () => tf.conv2d(image(), noise([3, 3, 3, 4], 6) as tf.Tensor4D, 2, "same"),
  "conv2d, given uneven padding": () =>
    tf.conv2d(
      image(),
      noise([3, 2, 3, 4], 6) as tf.Tensor4D,
      [2, 1],
      [
        [0, 0],
        [2, 0],
        [0, 1],
        [0, 0],
      ],
    ),
  "conv2d, dilated": () => tf.conv2d(image(), noise([3, 3, 3, 4], 6) as tf.Tensor4D, 1, "valid", "NHWC", 2),
  "conv2d, 1x1, stride 2": () => tf.conv2d(image(), noise([1, 1, 3, 4], 6) as tf.Tensor4D, 2, 0),
  "conv2d, NCHW": () =>
    tf.conv2d(
      tf.transpose(image(), [0, 3, 1, 2]) as tf.Tensor4D,
      noise([3, 3, 3, 4], 6) as tf.Tensor4D,
      1,
      "valid",
      "NCHW",
    ),
  "depthwiseConv2d, stride 2, uneven": () =>
    tf.depthwiseConv2d(image(), noise([3, 3, 3, 2], 6) as tf.Tensor4D, 2, "same"),
  "fused conv2d with bias and leaky ReLU": () =>
    tf.fused.conv2d({
      x: image(),
      filter: noise([3, 3, 3, 4], 6) as tf.Tensor4D,
      strides: 1,
      pad: "same",
      bias: row(),
      activation: "leakyrelu",
      leakyreluAlpha: 0.2,
    }),
  "conv3d, stride 2, uneven": () =>
    tf.conv3d(noise([2, 4, 5, 6, 3], 4) as tf.Tensor5D, noise([3, 2, 3, 3, 4], 6) as tf.Tensor5D, 2, "same"),
  "maxPool3d, uneven": () => tf.maxPool3d(noise([2, 4, 5, 6, 3], 4) as tf.Tensor5D, 3, 2, "same"),
  "avgPool3d, uneven": () => tf.avgPool3d(noise([2, 4, 5, 6, 3], 4) as tf.Tensor5D, 3, 2, "same"),
  dilation2d: () => tf.dilation2d(image(), noise([3, 2, 3], 6) as tf.Tensor3D, 1, "same"),
  localResponseNormalization: () =>
    tf.localResponseNormalization(noise([2, 3, 3, 9], 4) as tf.Tensor4D, 2, 1, 0.5, 0.7),
  "resizeBilinear up, half pixels": () => tf.image.resizeBilinear(image(), [11, 9], false, true),
  "resizeBilinear down, corners aligned": () => tf.image.resizeBilinear(image(), [4, 5], true),
  resizeNearestNeighbor: () => tf.image.resizeNearestNeighbor(image(), [11, 4]),
  "mirrorPad reflect": () =>
    tf.mirrorPad(
      a(),
      [
        [1, 1],
        [0, 2],
        [3, 0],
      ],
      "reflect",
    ),
  "spaceToBatchND, padded": () =>
    tf.spaceToBatchND(
      image(),
      [2, 2],
      [
        [1, 0],
        [1, 1],
      ],
    ),
  einsum: () => tf.einsum("bij,bkj->bik", a(), b()),
  "fft, real part": () => tf.real(tf.spectral.rfft(noise([3, 16], 4))),
  denseBincount: () =>
    tf.denseBincount(
      tf.tensor2d(
        [
          [0, 2, 2],
          [1, 9, 1],
        ],
        [2, 3],
        "int32",
      ),
      [],
      4,
    ),
  maxPool: () => tf.maxPool(image(), 3, 2, "same"),
  "maxPool valid": () => tf.maxPool(image(), [2, 3], [2, 1], "valid"),
  avgPool: () => tf.avgPool(image(), 3, 2, "same"),
  "avgPool even": () => tf.avgPool(image(), 3, 1, 1),
  matMul: () => tf.matMul(noise([3, 4], 7), noise([4, 2], 8)),
  "matMul transposed": () => tf.matMul(noise([4, 3], 7), noise([2, 4], 8), true, true),
  "matMul, batches": () => tf.matMul(noise([5, 3, 4], 7), noise([1, 4, 2], 8)),
  softmax: () => tf.softmax(a()),
  logSoftmax: () => tf.logSoftmax(a()),
  batchNorm: () => tf.batchNorm(image(), noise([3], 1), tf.abs(noise([3], 2)), noise([3], 3), noise([3], 4), 1e-3),
};

/** Each maps one variable tensor to a scalar; its gradient is compared. */
const image4 = (t: tf.Tensor) => t as tf.Tensor4D;
const gradientCases: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  "conv2d by x, uneven": (x) => tf.conv2d(image4(x), noise([3, 3, 3, 4], 6) as tf.Tensor4D, 2, "same"),
  "conv2d by the filter, uneven": (x) =>
    tf.conv2d(
      noise([2, 9, 8, 7], 6) as tf.Tensor4D,
      image4(tf.slice(tf.transpose(x, [1, 2, 3, 0]), [0, 0, 0, 0], [3, 3, 1, 2])).tile([1, 1, 7, 1]) as tf.Tensor4D,
      2,
      "same",
    ),
  "maxPool, uneven": (x) => tf.maxPool(image4(x), 3, 2, "same"),
  "avgPool valid, leaving a rest": (x) => tf.avgPool(image4(x), 2, 2, "valid"),
  "depthwiseConv2d by x, uneven": (x) =>
    tf.depthwiseConv2d(image4(x), noise([3, 3, 3, 2], 6) as tf.Tensor4D, 2, "same"),
  "conv3d by x": (x) => {
    const volume = tf.reshape(x, [2, 7, 2, 3, 3]) as tf.Tensor5D;
    return tf.conv3d(volume, noise([3, 2, 2, 3, 4], 6) as tf.Tensor5D, 2, "valid");
  },
  localResponseNormalization: (x) => tf.localResponseNormalization(image4(x), 1, 1, 0.5, 0.7),
  dilation2d: (x) => tf.dilation2d(image4(x), noise([3, 2, 3], 6) as tf.Tensor3D, 1, "same"),
  // square, because the cpu backend's gradient confuses height and width
  "resizeBilinear, corners aligned": (x) =>
    tf.image.resizeBilinear(tf.slice(image4(x), [0, 0, 0, 0], [-1, 6, 6, -1]), [11, 4], true),
  gather: (x) => tf.gather(x, ints(2, 0, 0), 1),
  "tile and slice": (x) => tf.slice(tf.tile(x, [1, 2, 1, 1]), [0, 3, 0, 0], [-1, 5, -1, -1]),
  "relu and sqrt": (x) => tf.sqrt(tf.add(tf.relu(x), 1)),
  "cumsum and max": (x) => tf.max(tf.cumsum(x, 3), 2),
};

describe("kernels agree with the cpu backend", whereTorch, () => {
  const values = (f: () => tf.Tensor) => () =>
    tf.tidy(() => {
      const t = f();
      return { shape: t.shape, dtype: t.dtype, values: t.dataSync() };
    });

  it.each(Object.entries(cases))("%s", async (_, f) => {
    const expected = await on("cpu", values(f));
    const actual = await on("torch", values(f));
    expect({ shape: actual.shape, dtype: actual.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
    expect(relativeError(actual.values, expected.values)).toBeLessThan(1e-5);
  });

  it.each(Object.entries(gradientCases))("gradient of %s", async (_, f) => {
    const gradient = () => tf.grad((x) => tf.sum(tf.mul(f(x), noise(f(x).shape, 11))))(image());
    const expected = await on("cpu", values(gradient));
    const actual = await on("torch", values(gradient));
    expect(relativeError(actual.values, expected.values)).toBeLessThan(1e-5);
  });

  it("leave to the cpu backend only what has no gradient", () => {
    expect(delegatedKernels.filter((name) => tf.getGradient(name) != null)).toEqual([]);
    expect(delegatedKernels.length).toBeLessThanOrEqual(25);
  });

  // The cpu backend's gradient takes corners for samples here. The operation is linear: f(x) · c = x · gradient.
  it("gradient of resizeBilinear at half pixels is its adjoint", async () => {
    await on("torch", () => {
      const resize = (x: tf.Tensor) => tf.image.resizeBilinear(image4(x), [11, 4], false, true);
      const c = noise([2, 11, 4, 3], 12);
      const gradient = tf.grad((x) => tf.sum(tf.mul(resize(x), c)))(image());
      const [expected, actual] = [tf.sum(tf.mul(resize(image()), c)), tf.sum(tf.mul(image(), gradient))];
      expect(relativeError(actual.dataSync(), expected.dataSync())).toBeLessThan(1e-5);
    });
  });

  // The cpu backend divides by the whole window here, although its forward pass does not count padding.
  it("gradient of avgPool with padding is that of the average over real elements", async () => {
    await on("torch", () => {
      const dx = tf.grad((x: tf.Tensor) => tf.sum(tf.avgPool(image4(x), 2, 2, "same")))(tf.ones([1, 3, 3, 1]));
      expect(Array.from(dx.dataSync())).toEqual([0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 1]);
    });
  });
});
