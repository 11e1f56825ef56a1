import { type Model, models } from "@reluctant/relu";
import { encodeWeights, initialWeights } from "@reluctant/stages";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { modelCard, type Provenance } from "./model-card.ts";
import { readNetwork } from "./network.ts";

const resnet8 = models.resnet8?.build([32, 32, 3], 10) as Model;
const network = readNetwork(encodeWeights(resnet8, initialWeights(resnet8, 1)));
const made: Provenance = {
  dataset: "animals",
  method: "continuation, recipe cpu/resnet8",
  license: null,
  accuracies: { validation: 0.931, test: 0.928 },
  sha256: "a".repeat(64),
};
/** Front matter as a hub reads it, and the text that it shows. */
const card = (change: Partial<Provenance> = {}, files = ["network.onnx"]) => {
  const [, front = "", text = ""] = modelCard(network, { ...made, ...change }, files).split(/^---$/m);
  return { front: parse(front) as Record<string, unknown>, text };
};

it("a card says the license that whoever exports names, in the front matter and in words", () => {
  const { front, text } = card({ license: "apache-2.0" });
  expect(front.license).toBe("apache-2.0");
  expect(text).toContain("License: apache-2.0.");
  expect(card({ license: "no" }).front.license).toBe("no"); // text, whatever YAML makes of the word
});

it("a card without a license has no such key, and says so", () => {
  const { front, text } = card();
  expect(front).not.toHaveProperty("license");
  expect(text).toContain("No license is stated: whoever publishes this chooses one, as `license:` above.");
});

it("a card's results are those that hubs list, and none are made up", () => {
  expect(card().front).toMatchObject({
    library_name: "reluctant",
    pipeline_tag: "image-classification",
    datasets: ["animals"],
    metrics: ["accuracy"],
    "model-index": [
      {
        name: "resnet8",
        results: [
          {
            task: { type: "image-classification" },
            dataset: { name: "animals", type: "animals" },
            metrics: [{ type: "accuracy", value: 0.928 }],
          },
        ],
      },
    ],
  });
  const { front, text } = card({ dataset: null, method: null, accuracies: null });
  expect(Object.keys(front)).toEqual(["library_name", "pipeline_tag", "tags"]);
  expect(text).not.toMatch(/accuracy|Made by|Data set/);
});

it("a card says how each of its files is opened", () => {
  expect(card().text).toContain('InferenceSession("network.onnx")');
  expect(card({}, ["network.pt", "partial_relu.py"]).text).toContain('load("network.pt")');
  expect(card({}, ["network.safetensors", "partial_relu.py"]).text).toContain('load("network.safetensors")');
});
