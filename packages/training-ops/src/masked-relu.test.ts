import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { addMaskedRelu, addMaskedReluComposed, maskedRelu, maskedReluComposed } from "./index.ts";
import { noise, on, twinError, valueAndGradients, whereTorch } from "./testing.ts";

const images = (seed: number) => noise([4, 5, 6, 3], seed);
const maskLike = (dtype: "float32" | "bool", shape: number[]) => tf.cast(tf.greater(noise(shape, 3), 0), dtype);

describe("masked ReLU agrees with its composed twin", whereTorch, () => {
  it.each([
    ["float32 mask [h, w, c]", () => maskLike("float32", [5, 6, 3])],
    ["bool mask [1, h, w, c]", () => maskLike("bool", [1, 5, 6, 3])],
    ["no mask", () => null],
  ])("value and gradient, alone and after a sum, %s", async (_, mask) => {
    const one = (f: typeof maskedRelu) => () =>
      tf.tidy(() => {
        const m = mask();
        return valueAndGradients((x) => f(x as tf.Tensor, m), [images(1)]);
      });
    const two = (f: typeof addMaskedRelu) => () =>
      tf.tidy(() => {
        const m = mask();
        return valueAndGradients((a, b) => f(a as tf.Tensor, b as tf.Tensor, m), [images(1), images(2)]);
      });
    expect(await twinError(one(maskedRelu), one(maskedReluComposed))).toBeLessThan(1e-5);
    expect(await twinError(two(addMaskedRelu), two(addMaskedReluComposed))).toBeLessThan(1e-5);
  });

  it("is bit for bit the identity where the mask is 0, and has tf.relu's gradient 0 at a kept zero", async () => {
    const x = [-2, -0.1, 0, 3, -2, -0.1, 0, 3];
    const values = await on("torch", () =>
      tf.tidy(() => {
        const mask = tf.tensor1d([1, 1, 1, 1, 0, 0, 0, 0]);
        const gradient = tf.grad((t) => tf.sum(maskedRelu(t, mask)))(tf.tensor2d(x, [1, 8]));
        return [maskedRelu(tf.tensor2d(x, [1, 8]), mask).dataSync(), gradient.dataSync()];
      }),
    );
    expect(Array.from(values[0] as Float32Array)).toEqual([0, 0, 0, 3, -2, Math.fround(-0.1), 0, 3]);
    expect(Array.from(values[1] as Float32Array)).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it("takes an image of many units, more than one thread's share, and none at all", async () => {
    const large = (f: typeof maskedRelu) => () =>
      tf.tidy(() => [f(noise([3, 129, 127], 1), maskLike("float32", [129, 127])).dataSync()]);
    expect(await twinError(large(maskedRelu), large(maskedReluComposed))).toBeLessThan(1e-5);
    const none = await on("torch", () => maskedRelu(tf.zeros([0, 5]), null).dataSync());
    expect(none).toHaveLength(0);
  });

  it("keeps a NaN, so that a guard can see it", async () => {
    const values = await on("torch", () => maskedRelu(tf.tensor2d([Number.NaN, 1], [1, 2]), null).dataSync());
    expect(Array.from(values)).toEqual([Number.NaN, 1]);
  });

  it("names the shapes of a mask that does not fit", async () => {
    await on("torch", () => {
      expect(() => maskedRelu(images(1), tf.ones([5, 6, 4]))).toThrow(/masked_relu.*\[5, 6, 4\].*\[4, 5, 6, 3\]/s);
      expect(() => maskedRelu(tf.zeros([2, 3], "int32"), null)).toThrow(/masked_relu: x must be float32 or bfloat16/);
      expect(() => addMaskedRelu(images(1), noise([4, 5, 6, 2], 1), null)).toThrow(/add_masked_relu.*b of shape/s);
    });
  });
});
