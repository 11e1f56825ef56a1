import { setPrecision, storedType, supportedPrecisions } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { noBf16 } from "../../../test/allowed-skips.mjs";
import { skipFor } from "../../../test/skip-for.ts";
import { absDiffAccumulate, addMaskedRelu, batchNorm, maskedRelu } from "./index.ts";
import { noise, on, unavailable } from "./testing.ts";

const without = unavailable ?? (supportedPrecisions().includes("bf16") ? undefined : noBf16);

/** Runs `f` on the torch backend in bf16. */
const inBf16 = <T>(f: () => T): Promise<T> =>
  on("torch", () => {
    setPrecision("bf16");
    try {
      return tf.tidy(f as () => never) as T;
    } finally {
      setPrecision("fp32");
    }
  });

/** Noise rounded to bfloat16, half to even: what an activation is stored as. */
function rounded(shape: number[], seed: number): tf.Tensor {
  const values = noise(shape, seed).dataSync() as Float32Array;
  const bits = new Uint32Array(values.buffer);
  for (const [i, b] of bits.entries()) bits[i] = ((b + 0x7fff + ((b >>> 16) & 1)) >>> 16) << 16;
  return tf.tensor(values, shape);
}

/** x as a convolution would leave it: stored as bfloat16. */
const stored = (x: tf.Tensor): tf.Tensor4D => {
  const channels = x.shape[3] as number;
  return tf.conv2d(x as tf.Tensor4D, tf.reshape(tf.eye(channels), [1, 1, channels, channels]) as tf.Tensor4D, 1, 0);
};

const images = () => rounded([2, 8, 8, 16], 1) as tf.Tensor4D;
const mask = () => tf.cast(tf.greater(noise([8, 8, 16], 3), 0), "float32");

describe("bf16", skipFor(without), () => {
  it("keeps activations in bfloat16 and statistics in float32", async () => {
    await inBf16(() => {
      const x = stored(images());
      const vector = (value: number) => tf.fill([16], value) as tf.Tensor1D;
      const [mean, variance] = [tf.variable(vector(0), false), tf.variable(vector(1), false)];
      const normalize = (training: boolean) => batchNorm(x, vector(2), vector(1), mean, variance, { training });
      const activations = {
        "batch norm, training": normalize(true),
        "batch norm, evaluation": normalize(false),
        "masked ReLU": maskedRelu(x, mask()),
        "add and masked ReLU": addMaskedRelu(x, x, mask()),
      };
      for (const [name, t] of Object.entries(activations)) expect(storedType(t), name).toBe("bfloat16");
      expect(storedType(mean)).toBe("float32");
      tf.dispose([mean, variance]);
    });
  });

  it("leaves a masked unit exactly linear, with its gradient, and rectifies the others", async () => {
    await inBf16(() => {
      const x = images(); // exact in bfloat16
      const keep = tf.tile(tf.expandDims(mask()), [2, 1, 1, 1]);
      const [y, gradient] = [
        maskedRelu(stored(x), mask()),
        tf.grad((z) => tf.sum(tf.mul(maskedRelu(stored(z), mask()), images())))(x),
      ];
      const expected = tf.where(tf.cast(keep, "bool"), tf.relu(x), x);
      const closed = tf.logicalAnd(tf.cast(keep, "bool"), tf.lessEqual(x, 0));
      expect(y.dataSync()).toEqual(expected.dataSync());
      expect(gradient.dataSync()).toEqual(tf.where(closed, tf.zerosLike(x), images()).dataSync());
    });
  });

  it("gives an activation a gradient of its own type, whatever type arrives", async () => {
    await inBf16(() => {
      const loss = (x: tf.Tensor) => tf.sum(tf.mul(addMaskedRelu(x, x, mask()), noise(x.shape, 7)));
      expect(storedType(tf.grad(loss)(stored(images())))).toBe("bfloat16");
    });
  });

  it("sums scores in float32", async () => {
    await inBf16(() => {
      const sum = tf.variable(tf.zeros([1]), false);
      const ones = tf.ones([2048, 1, 1, 1]) as tf.Tensor4D; // 257 is no bfloat16: summed in it, 256 would be the end
      absDiffAccumulate(sum, tf.reshape(stored(ones), [2048, 1]), tf.zeros([2048, 1]));
      expect(sum.dataSync()).toEqual(Float32Array.of(2048));
      sum.dispose();
    });
  });
});
