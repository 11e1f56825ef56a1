import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { affineMaskedRelu, affineMaskedReluComposed, foldBatchNorm } from "./index.ts";
import { noise, on, relativeError, twinError, whereTorch } from "./testing.ts";

describe("batch norm of a frozen network", whereTorch, () => {
  it("folds into the convolution before it", async () => {
    const [plain, folded] = await on("torch", () =>
      tf.tidy(() => {
        const x = noise([2, 6, 6, 5], 1) as tf.Tensor4D;
        const filter = noise([3, 3, 5, 20], 2) as tf.Tensor4D;
        const [gamma, beta, mean] = [3, 4, 5].map((seed) => noise([20], seed)) as [
          tf.Tensor1D,
          tf.Tensor1D,
          tf.Tensor1D,
        ];
        const variance = tf.add(tf.abs(noise([20], 6)), 0.5) as tf.Tensor1D;
        const fold = foldBatchNorm(filter, { gamma, beta, mean, variance });
        const normalized = tf.batchNorm(tf.conv2d(x, filter, 1, 1), mean, variance, beta, gamma, 1e-5);
        return [normalized, tf.add(tf.conv2d(x, fold.filter, 1, 1), fold.bias)].map((t) => t.dataSync());
      }),
    );
    expect(relativeError(folded as Float32Array, plain as Float32Array)).toBeLessThan(1e-5);
  });

  it.each([
    ["mask and residual", true, true],
    ["a mask", true, false],
    ["a residual", false, true],
    ["neither", false, false],
  ])("is applied in one pass with %s", async (_, masked, added) => {
    const by = (f: typeof affineMaskedRelu) => () =>
      tf.tidy(() => {
        const mask = masked ? tf.cast(tf.greater(noise([5, 6, 20], 3), 0), "float32") : null;
        const residual = added ? (noise([3, 5, 6, 20], 4) as tf.Tensor4D) : null;
        const [scale, shift] = [noise([20], 5), noise([20], 6)] as [tf.Tensor1D, tf.Tensor1D];
        return [f({ x: noise([3, 5, 6, 20], 1) as tf.Tensor4D, scale, shift, residual, mask }).dataSync()];
      });
    expect(await twinError(by(affineMaskedRelu), by(affineMaskedReluComposed))).toBeLessThan(1e-6);
  });
});
