/**
 * What docs/imports.md says is refused, made as files and refused in the words that stand there.
 * Print the table anew with: IMPORTS=print npx vitest run test/imports/refusals.test.ts
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { importNetwork, type ModelChoice } from "@reluctant/interchange";
import { Instance } from "@reluctant/pickle/testing";
import { type Model, models, reluLayers } from "@reluctant/relu";
import { encodeSafetensors, type HostTensor, initialWeights, type Tensors } from "@reluctant/stages";
import { expect, it } from "vitest";
import { CheckpointMaker, orderedDict } from "../../packages/interchange/src/checkpoint/test-checkpoint.ts";
import {
  float32,
  indexOf,
  npyOf,
  npzOf,
  onnxOf,
  safetensorsOf,
} from "../../packages/interchange/src/checkpoint/test-formats.ts";
import { zipOf } from "../../packages/interchange/src/checkpoint/write-zip.ts";

const build = (name: string): Model => (models[name] as NonNullable<(typeof models)[string]>).build([32, 32, 3], 10);
const resnet8 = build("resnet8");
const whole = initialWeights(resnet8, 1);
const file = (tensors: Tensors): Uint8Array => encodeSafetensors({ tensors, metadata: {} });
/** The file of a ResNet-8 with a change. */
const changed = (change: (weights: Map<string, HostTensor>) => void): Uint8Array => {
  const weights = new Map(whole);
  change(weights);
  return file(weights);
};
const withValue = (name: string, value: number) =>
  changed((weights) => {
    const { shape, values } = weights.get(name) as HostTensor;
    weights.set(name, { shape, values: Float32Array.from(values, (own, at) => (at === 1 ? value : own)) });
  });
const floats = (...shape: number[]): HostTensor => ({
  shape,
  values: new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
});
const conv = float32([2, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
const dense = float32([2, 2], [1, 2, 3, 4]);

/** What `torch.save` was given, of tensors of two axes. */
const saved = (root: (maker: CheckpointMaker) => unknown): Uint8Array => {
  const maker = new CheckpointMaker();
  return maker.zip(root(maker));
};
const stateDict = (maker: CheckpointMaker) =>
  orderedDict(new Map([["conv.weight", maker.tensor([2, 2], [1, 2, 3, 4])]]));

/** Masks of a ResNet-8, by the layers' names. */
const masks = (values: (units: number, layer: number) => Float32Array, names = (layer: string) => layer): Uint8Array =>
  file(
    new Map(
      reluLayers(resnet8).map(({ name, shape: [height, width, channels], units }, layer) => [
        names(name),
        { shape: [channels, height, width], values: values(units, layer) },
      ]),
    ),
  );
const halves = (units: number) => new Float32Array(units).fill(0.5);

type Refused = [what: string, bytes: Uint8Array, choice?: Partial<ModelChoice>];

const networks: Refused[] = [
  ["a tensor is missing", changed((weights) => weights.delete("fc.bias"))],
  ["a tensor has another shape", changed((weights) => weights.set("bn1.weight", floats(2)))],
  ["a tensor that the model lacks", changed((weights) => weights.set("layer9.weight", floats(1)))],
  ["two names of one tensor", changed((weights) => weights.set("linear.bias", floats(10)))],
  ["the file is of another model", file(initialWeights(build("resnet20-option-a"), 1)), { model: "resnet20" }],
  ["a variant that no file shows", file(whole), { model: "vgg16-bn" }],
  ["an answer to a question that nobody asks", file(whole), { answers: { pools: "5" } }],
  ["the data set's images are of another size", file(whole), { side: 64 }],
  ["NaN or infinite numbers", withValue("bn1.weight", Number.NaN)],
  ["a negative variance", withValue("bn1.running_var", -1)],
];

const files: Refused[] = [
  [
    "several state dicts",
    saved(
      (maker) =>
        new Map([
          ["net", stateDict(maker)],
          ["ema", stateDict(maker)],
        ]),
    ),
  ],
  ["no state dict", saved(() => new Map([["epoch", 3]]))],
  [
    "a tensor of a class of its own",
    saved((maker) =>
      orderedDict(
        new Map<string, unknown>([
          ["conv.weight", maker.tensor([2, 2], [1, 2, 3, 4])],
          [
            "fc.weight",
            new Instance("bitsandbytes.Int8Params", new Map([["data", maker.tensor([2, 2], [1, 2, 3, 4])]])),
          ],
        ]),
      ),
    ),
  ],
  [
    "quantized weights",
    saved((maker) =>
      orderedDict(new Map([["conv.weight", maker.view(maker.storage("QInt8", Int8Array.of(1, 2, 3, 4)), [2, 2])]])),
    ),
  ],
  [
    "TorchScript",
    zipOf([
      { name: "net/data.pkl", bytes: Buffer.of(0x80, 2, 0x4e, 0x2e) },
      { name: "net/constants.pkl", bytes: Buffer.of(0x80, 2, 0x29, 0x2e) },
    ]),
  ],
  ["a file that is cut short", saved(stateDict).subarray(0, 200)],
  ["float8 in safetensors", safetensorsOf({ conv: { ...conv, dtype: "F8_E4M3" } })],
  ["safetensors without a tensor", safetensorsOf({})],
  ["an index that leads out of its folder", indexOf({ conv: "../a.safetensors" })],
  ["ONNX whose batch norms were folded away", onnxOf({ conv, dense })],
  ["Python objects in .npz", npzOf({ weights: npyOf("|O", [1], new Uint8Array(8)) })],
  ["no file of weights", Buffer.from("<html>")],
];

const relus: Refused[] = [
  ["scores, and no word of where to cut", file(whole), { masks: { bytes: masks(halves) } }],
  [
    "two words of where to cut",
    file(whole),
    { masks: { bytes: masks(halves) }, keeping: { threshold: 0.1, budget: 9 } },
  ],
  ["fewer masks than ReLU layers", file(whole), { masks: { bytes: file(new Map([["a", floats(16, 32, 32)]])) } }],
  ["masks that are not finite", file(whole), { masks: { bytes: masks((units) => halves(units).fill(Number.NaN)) } }],
  ["a threshold for a file without masks", file(whole), { keeping: { threshold: 0.01 } }],
];

/** A cell of a table holds no bar of its own. */
const cell = (text: string): string => text.replaceAll("|", "\\|");

const row = ([what, bytes, choice = {}]: Refused): string => {
  try {
    importNetwork({ bytes }, { model: "resnet8", side: 32, classes: 10, ...choice });
  } catch (error) {
    return `| ${what} | ${cell((error as Error).message)} |`;
  }
  return `| ${what} | comes in |`;
};

const document = readFileSync(join(import.meta.dirname, "../../docs/imports.md"), "utf8");
const tableOf = (heading: string): string[] =>
  (document.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) => line.replaceAll(/ +\|/g, " |"));

it.each([
  ["Networks that are refused", networks],
  ["Files that are refused", files],
  ["Masks that are refused", relus],
])("%s: in the words of the document", (heading, cases) => {
  const rows = cases.map(row);
  if (process.env.IMPORTS === "print") process.stdout.write(`## ${heading}\n\n${rows.join("\n")}\n\n`);
  expect(tableOf(heading)).toEqual(rows);
});
