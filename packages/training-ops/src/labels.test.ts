/** Labels that are none of the classes: an error on the CPU, where a GPU, which is not waited for, makes the loss NaN. */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "./index.ts";
import { noise, on, whereTorch } from "./testing.ts";

const labels = (...values: number[]) => tf.tensor1d(values, "int32");

describe("a label outside of the classes", whereTorch, () => {
  it("is named", async () => {
    await on("torch", () => {
      const z = noise([2, 10], 1) as tf.Tensor2D;
      expect(() => softmaxCrossEntropy(z, labels(1, 10))).toThrow(/label 10 of image 1 is none of 10 classes/);
      expect(() => softmaxCrossEntropy(z, labels(1, -1))).toThrow(/label -1/);
    });
  });

  it("is reported where the loss is read, on the engine thread", async () => {
    const read = () => softmaxCrossEntropy(noise([1, 3], 1) as tf.Tensor2D, labels(7)).data();
    await expect(on("torch", read, "async")).rejects.toThrow(/label 7/);
  });
});
