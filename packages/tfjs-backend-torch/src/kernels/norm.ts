/** Normalization: softmax, local response, and batch norm with given statistics. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type Kernels, op, scalarType, type Torch } from "../aten.ts";
import { type Slot, view } from "../bridge.ts";

const batchNorm = op("native_batch_norm", { in: [view.nhwc], out: [view.nhwc] });

/** Sums over the neighbors of each channel of NHWC, `radius` on either side: pooling over [width, channels]. */
const neighborhood = (torch: Torch, x: Slot, radius: number): Slot =>
  torch.call("avg_pool2d", x, [1, 2 * radius + 1], [1, 1], [0, radius], false, true, 1);

/** bias + alpha · Σ x², the base of local response normalization. */
function response(torch: Torch, x: TensorInfo, { depthRadius, bias, alpha }: LRNAttrs): Slot {
  const sums = neighborhood(torch, torch.call("square", x), depthRadius);
  return torch.call("add.Scalar", torch.call("mul.Scalar", sums, alpha), bias, 1);
}

interface LRNAttrs {
  depthRadius: number;
  bias: number;
  alpha: number;
  beta: number;
}

export const norm: Kernels = {
  LRN: (torch, { x }, attrs) => {
    const scale = torch.call("pow.Tensor_Scalar", response(torch, x, attrs), -attrs.beta);
    return torch.tensor(torch.call("mul.Tensor", x, scale), x.shape, "float32");
  },
  // dx = dy · r^-β − 2αβ · x · Σ dy · y / r, over the same neighbors
  LRNGrad: (torch, { x, y, dy }, attrs) => {
    const { alpha, beta, depthRadius } = attrs;
    const r = response(torch, x, attrs);
    const direct = torch.call("mul.Tensor", dy, torch.call("pow.Tensor_Scalar", r, -beta));
    const weighted = torch.call("div.Tensor", torch.call("mul.Tensor", dy, y), r);
    const sums = neighborhood(torch, weighted, depthRadius);
    const dx = torch.call("sub.Tensor", direct, torch.call("mul.Tensor", x, sums), 2 * alpha * beta);
    return torch.tensor(dx, x.shape, "float32");
  },
  Softmax: (torch, { logits }, { dim }) =>
    torch.tensor(torch.call("softmax.int", logits, dim, scalarType.float32), logits.shape, "float32"),
  // TensorFlow.js gives x as rank 4 and the others as rank 1, or all as rank 4.
  FusedBatchNorm: (torch, { x, scale, offset, mean, variance }, { varianceEpsilon }) => {
    // the operator does not look at the sizes: it would read past the end of a shorter vector
    const fits = (v?: TensorInfo) => !v || (util.arraysEqual(v.shape, x.shape.slice(-1)) && v.dtype === "float32");
    const some = util.sizeFromShape(x.shape) > 0; // of no images it ends the process: a division by zero
    if (some && x.dtype === "float32" && [scale, offset, mean, variance].every(fits)) {
      const [y] = torch.callMany(
        3,
        batchNorm,
        x,
        scale ?? null,
        offset ?? null,
        mean,
        variance,
        false,
        0,
        varianceEpsilon,
      ) as [number];
      return torch.tensor(y, x.shape, "float32");
    }
    const inverse = torch.call("rsqrt", torch.call("add.Scalar", variance, varianceEpsilon, 1));
    const factor = scale ? torch.call("mul.Tensor", inverse, scale) : inverse;
    const centered = torch.call("mul.Tensor", torch.call("sub.Tensor", x, mean), factor);
    return torch.tensor(offset ? torch.call("add.Tensor", centered, offset) : centered, x.shape, "float32");
  },
};
