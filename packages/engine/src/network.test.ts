import { models } from "@reluctant/relu";
import { initialWeights } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { openBackend } from "./backends.ts";
import { TfNetwork } from "./network.ts";
import { inputOf, testData } from "./test-data.ts";

beforeAll(() => openBackend({ threads: 1, precision: "fp32" }));

it.each(["train", "evaluate"] as const)(
  "a network computes the same with and without fused ReLUs: %s",
  async (mode) => {
    const data = testData();
    const model = (models.resnet8 as NonNullable<typeof models.resnet8>).build(data.inputShape, data.classes.length);
    const network = new TfNetwork({ model, weights: initialWeights(model, 1), normalization: data });
    const images = Uint8Array.from({ length: 8 * 192 }, (_, i) => (i * 37) % 256);
    const batch = { images, labels: new Int32Array(8), offsets: new Int32Array(24) };
    const logits = async (preActivations: boolean) => {
      const out = tf.tidy(() => {
        const x = inputOf(network, batch);
        return mode === "train"
          ? network.train(x, { preActivations }).logits
          : network.evaluate(x, network.freeze(), { preActivations }).logits;
      });
      const values = await out.data();
      out.dispose();
      return values;
    };
    const [fused, single] = [await logits(false), await logits(true)];
    expect(Math.max(...fused.map((value, i) => Math.abs(value - (single[i] as number))))).toBeLessThan(1e-5);
    network.dispose();
    expect(tf.memory().numTensors).toBe(0);
  },
);
