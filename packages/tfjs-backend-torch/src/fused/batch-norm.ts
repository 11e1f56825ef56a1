/** Batch norm for training: NHWC, statistics over batch, height and width. */
import {
  add,
  type GradConfig,
  moments,
  mul,
  batchNorm as normalize,
  reciprocal,
  rsqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  type TensorInfo,
  tidy,
  util,
  type Variable,
} from "@tensorflow/tfjs-core";
import { type Kernels, op } from "../aten.ts";
import { view } from "../bridge.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { makeExclusive } from "./in-place.ts";

export interface BatchNormTrainOptions {
  /** Default 1e-5, as torch. */
  eps?: number;
}

export interface BatchNormOptions extends BatchNormTrainOptions {
  /** true: normalise by the batch and move the running statistics; false: normalise by the running statistics. */
  training: boolean;
  /** What a running statistic keeps of itself in one step: r ← decay · r + (1 − decay) · batch. Default 0.9 (torch calls this momentum 0.1). */
  decay?: number;
}

export interface BatchNormTrainResult {
  y: Tensor4D;
  /** [c], without gradient. */
  batchMean: Tensor1D;
  /** [c], biased (divided by the count), without gradient. */
  batchVariance: Tensor1D;
}

/**
 * Normalises x by its batch mean and biased batch variance, then scales by gamma and shifts by beta.
 * @param x [n, h, w, c]; gamma and beta [c]
 */
export function batchNormTrain(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  { eps = 1e-5 }: BatchNormTrainOptions = {},
): BatchNormTrainResult {
  if (!hasKernel("TorchBatchNorm")) return batchNormTrainComposed(x, gamma, beta, { eps });
  const [y, batchMean, inverse] = runKernel("TorchBatchNorm", { x, gamma, beta }, { eps, decay: 1 }) as [
    Tensor4D,
    Tensor1D,
    Tensor1D,
  ];
  const batchVariance = tidy(() => sub(square(reciprocal(inverse)), eps) as Tensor1D);
  inverse.dispose();
  return { y, batchMean, batchVariance };
}

/**
 * Batch norm with running statistics. In training they are updated in place, as torch does: the running mean from the
 * batch mean, the running variance from the unbiased batch variance; on the torch backend in the same pass.
 * @param x [n, h, w, c]; the others [c]. No gradient flows into the running statistics.
 */
export function batchNorm(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  runningMean: Variable,
  runningVariance: Variable,
  options: BatchNormOptions,
): Tensor4D {
  const { training, eps = 1e-5, decay = 0.9 } = options;
  if (!training)
    return normalize(x, runningMean as Tensor as Tensor1D, runningVariance as Tensor as Tensor1D, beta, gamma, eps);
  if (!hasKernel("TorchBatchNorm"))
    return batchNormComposed(x, gamma, beta, runningMean, runningVariance, { training, eps, decay });
  makeExclusive(runningMean);
  makeExclusive(runningVariance);
  const [y, batchMean, inverse] = runKernel(
    "TorchBatchNorm",
    { x, gamma, beta },
    { eps, decay, runningMean, runningVariance },
  );
  batchMean?.dispose();
  inverse?.dispose();
  return y as Tensor4D;
}

/** The twin of `batchNormTrain` in plain TensorFlow.js. */
export function batchNormTrainComposed(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  { eps = 1e-5 }: BatchNormTrainOptions = {},
): BatchNormTrainResult {
  const batch = moments(x, [0, 1, 2]);
  const batchMean = batch.mean as Tensor1D;
  const batchVariance = batch.variance as Tensor1D;
  // From elementary operations: the gradient of `tf.batchNorm` tiles vectors over the batch, a sixth of a step on wasm.
  const scale = mul(gamma, rsqrt(add(batchVariance, eps)));
  return { y: add(mul(sub(x, batchMean), scale), beta) as Tensor4D, batchMean, batchVariance };
}

/** The twin of training `batchNorm` in plain TensorFlow.js. */
export function batchNormComposed(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  runningMean: Variable,
  runningVariance: Variable,
  options: BatchNormOptions,
): Tensor4D {
  const { eps = 1e-5, decay = 0.9 } = options;
  const { y, batchMean, batchVariance } = batchNormTrainComposed(x, gamma, beta, { eps });
  const count = x.size / (x.shape[3] as number);
  const move = (running: Variable, batch: Tensor, share: number) =>
    tidy(() => running.assign(add(mul(running, decay), mul(batch, share))));
  move(runningMean, batchMean, 1 - decay);
  move(runningVariance, batchVariance, ((1 - decay) * count) / (count - 1));
  return y;
}

const forward = op("native_batch_norm", { in: [view.nhwc], out: [view.nhwc], written: [3, 4] });
const backward = op("native_batch_norm_backward", { in: [view.nhwc, view.nhwc], out: [view.nhwc] });

/** The operators do not look at the sizes: they would read, and write, past the end of a shorter vector. */
function assertVectors(x: TensorInfo, ...vectors: (TensorInfo | null)[]): void {
  const channels = x.shape[3];
  for (const v of vectors) {
    util.assert(
      v === null || (v.shape.length === 1 && v.shape[0] === channels && v.dtype === "float32"),
      () => `batchNorm: x of shape [${x.shape}] needs float32 vectors of ${channels}, not ${v?.dtype} [${v?.shape}]`,
    );
  }
}

export const batchNormKernels: Kernels = {
  // y, the batch mean and 1 / sqrt(batch variance + eps); torch's momentum is 1 − decay
  TorchBatchNorm: (torch, { x, gamma, beta }, { eps, decay, runningMean = null, runningVariance = null }) => {
    assertVectors(x, gamma, beta, runningMean, runningVariance);
    const [y, batchMean, inverse] = torch.callMany(
      3,
      forward,
      x,
      gamma,
      beta,
      runningMean,
      runningVariance,
      true,
      1 - decay,
      eps,
    ) as [number, number, number];
    return [
      torch.tensor(y, x.shape, "float32"),
      torch.tensor(batchMean, gamma.shape, "float32"),
      torch.tensor(inverse, gamma.shape, "float32"),
    ];
  },
  TorchBatchNormGrad: (torch, { dy, x, gamma, batchMean, inverse }, { eps }) => {
    assertVectors(x, gamma, batchMean, inverse);
    util.assertShapesMatch(dy.shape, x.shape);
    const [dx, dGamma, dBeta] = torch.callMany(3, backward, dy, x, gamma, null, null, batchMean, inverse, true, eps, [
      true,
      true,
      true,
    ]) as [number, number, number];
    return [
      torch.tensor(dx, x.shape, "float32"),
      torch.tensor(dGamma, gamma.shape, "float32"),
      torch.tensor(dBeta, gamma.shape, "float32"),
    ];
  },
};

export const batchNormGradients: GradConfig[] = [
  {
    kernelName: "TorchBatchNorm",
    inputsToSave: ["x", "gamma"],
    outputsToSave: [false, true, true],
    // All three at once, before TensorFlow.js asks for any: they belong to the scope of the whole backward pass.
    gradFunc: (dy, [x, gamma, batchMean, inverse], attrs) => {
      const saved = { dy: (dy as Tensor[])[0], x, gamma, batchMean, inverse } as Record<string, Tensor>;
      const [dx, dGamma, dBeta] = runKernel("TorchBatchNormGrad", saved, attrs) as [Tensor, Tensor, Tensor];
      return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
    },
  },
];
