/**
 * What leaves comes back: the artifact of a network that was exported and imported again has the same bytes, so that any
 * engine computes the same logits from it. `interchange.test.ts` holds PyTorch and onnxruntime to those logits.
 */
import { importNetwork, onnxFile, pyTorchFile, readNetwork, torchSaveFile } from "@reluctant/interchange";
import { modelNames, models, reluLayers } from "@reluctant/relu";
import { encodeStudent, encodeWeights } from "@reluctant/stages";
import { describe, expect, it } from "vitest";
import { randomNetwork, someQuadratics } from "./random-network.ts";

/** So that the widest take milliseconds. */
const widthOf = (name: string) => (/^resnet(8|20)/.test(name) ? 1 : 0.125);
const formats = { pytorch: pyTorchFile, pt: torchSaveFile, onnx: onnxFile };
type Format = keyof typeof formats;

const setup = (name: string) => {
  const side = models[name]?.sides[0] as number;
  const { model, weights, masks } = randomNetwork(name, side, 0, widthOf(name));
  const choice = { model: name, side, classes: 10 };
  const back = (artifact: Uint8Array, format: Format) =>
    importNetwork({ bytes: formats[format](readNetwork(artifact)) }, choice);
  return { model, weights, masks, choice, back };
};
/** As bytes: a matcher would take a minute for 17 million numbers. */
const same = (a: Uint8Array | null, b: Uint8Array) => a !== null && Buffer.compare(a, b) === 0;

describe.each(modelNames)("a %s that left", (name) => {
  const { model, weights, masks, choice, back } = setup(name);

  it.each(["pytorch", "pt", "onnx"] as const)("for %s comes back bit by bit, with masks and quadratics", (format) => {
    for (const polynomials of [new Map(), someQuadratics(model)]) {
      const artifact = encodeStudent(model, weights, masks, polynomials);
      const imported = back(artifact, format);
      expect(same(imported.masks, artifact)).toBe(true);
      expect(same(imported.weights, encodeWeights(model, weights))).toBe(true);
    }
  });

  it("comes back as our own artifact, too", () => {
    const artifact = encodeStudent(model, weights, masks, someQuadratics(model));
    expect(same(importNetwork({ bytes: artifact }, choice).masks, artifact)).toBe(true);
  });

  it.each(["pytorch", "pt", "onnx"] as const)("for %s with every ReLU comes back as that", (format) => {
    const artifact = encodeWeights(model, weights);
    const imported = back(artifact, format);
    expect([same(imported.weights, artifact), imported.masks]).toEqual([true, null]);
    const all = reluLayers(model).map(({ units }) => new Uint8Array(units).fill(1));
    expect(back(encodeStudent(model, weights, all), format).masks).toBeNull();
  });
});
