/** Normalisation: softmax, and batch norm with given statistics. */
import { type Kernels, op } from "../aten.ts";
import { view } from "../bridge.ts";

const batchNorm = op("native_batch_norm", { in: [view.nhwc], out: [view.nhwc] });

export const norm: Kernels = {
  Softmax: (torch, { logits }, { dim }) =>
    torch.tensor(torch.call("_softmax", logits, dim, false), logits.shape, "float32"),
  LogSoftmax: (torch, { logits }, { axis }) =>
    torch.tensor(torch.call("_log_softmax", logits, axis, false), logits.shape, "float32"),
  // TensorFlow.js gives x as rank 4 and the others as rank 1, or all as rank 4.
  FusedBatchNorm: (torch, { x, scale, offset, mean, variance }, { varianceEpsilon }) => {
    if (mean.shape.length === 1) {
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
