/**
 * A small made file for each public code line whose checkpoints labs have: its names, its container and what it keeps beside
 * the network, as facts. None of its code is here.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { importNetwork, type ModelChoice } from "@reluctant/interchange";
import { type Model, models, nodesOf, reluLayers } from "@reluctant/relu";
import { encodeStudent, encodeWeights, type HostTensor, weightShapes } from "@reluctant/stages";
import { expect, it } from "vitest";
import { CheckpointMaker, orderedDict } from "../../packages/interchange/src/checkpoint/test-checkpoint.ts";

type Rename = (name: string) => string;
type Wrap = (stateDict: unknown) => unknown;

interface CodeLine {
  model: string;
  side?: number;
  answers?: ModelChoice["answers"];
  rename: Rename;
  /** What `torch.save` was given. */
  wrap?: Wrap;
  /** Its convolutions have biases. */
  hasBiases?: true;
  form?: "zip" | "legacy";
}

const asIs: Rename = (name) => name;
const kuangliu: Rename = (name) => `module.${name.replace(".downsample.", ".shortcut.").replace(/^fc\./, "linear.")}`;
const weiaicunzai: Rename = (name) =>
  name
    .replace(/^conv1\./, "conv1.0.")
    .replace(/^bn1\./, "conv1.1.")
    .replace(/^layer(\d)\./, (_, group) => `conv${Number(group) + 1}_x.`)
    .replace(/\.(conv|bn)(\d)\./, (_, op, place) => `.residual_function.${3 * (place - 1) + (op === "bn" ? 1 : 0)}.`)
    .replace(/\.downsample\./, ".shortcut.");
const xternalz: Rename = (name) =>
  name.replace(/^layer(\d)\.(\d)\./, "block$1.layer.$2.").replace(".downsample.0.", ".convShortcut.");
const meliketoy: Rename = (name) => name.replace(".downsample.", ".shortcut.").replace(/^fc\./, "linear.");

const dictOf = (entries: Record<string, unknown>) => new Map(Object.entries(entries));
const inNet: Wrap = (net) => dictOf({ net, acc: 95.2, epoch: 199 });
const inStateDict: Wrap = (state) => dictOf({ state_dict: state, best_prec1: 91.78, epoch: 200 });

const codeLines: Record<string, CodeLine> = {
  "torchvision's ResNet-18": { model: "resnet18", rename: asIs },
  "torchvision's ResNet-18 at 64 pixels": { model: "resnet18-imagenet-stem", side: 64, rename: asIs },
  "timm's ResNet-50": {
    model: "resnet50",
    side: 224,
    answers: { "stride-in": "3x3" },
    rename: asIs,
    wrap: (state_dict) => dictOf({ arch: "resnet50", state_dict, metric: 79.1 }),
  },
  "kuangliu's ResNet-18": { model: "resnet18", rename: kuangliu, wrap: inNet },
  "kuangliu's pre-activation ResNet-18": { model: "preact-resnet18-open", rename: kuangliu, wrap: inNet },
  "kuangliu's VGG-16": {
    model: "vgg16-bn",
    answers: { pools: "5" },
    rename: (name) => `module.${name}`,
    wrap: inNet,
    hasBiases: true,
  },
  "SNL's VGG-16": {
    model: "vgg16-bn",
    answers: { pools: "4" },
    rename: (name) => name.replace(/^features\./, "feature."),
    hasBiases: true,
  },
  "weiaicunzai's ResNet-18": { model: "resnet18", rename: weiaicunzai },
  "weiaicunzai's VGG-16": { model: "vgg16-bn-3-dense-4096", rename: asIs, hasBiases: true },
  "akamaster's ResNet-20": {
    model: "resnet20-option-a",
    answers: { padding: "both" },
    rename: (name) => `module.${name.replace(/^fc\./, "linear.")}`,
    wrap: inStateDict,
    form: "legacy",
  },
  "chenyaofo's ResNet-20": { model: "resnet20", rename: asIs },
  "chenyaofo's VGG-16": { model: "vgg16-bn-3-dense", rename: asIs, hasBiases: true },
  "xternalz's WRN-22-8": { model: "wrn22-8", answers: { "stride-in": "conv1" }, rename: xternalz, wrap: inStateDict },
  "meliketoy's WRN-22-8": { model: "wrn22-8", answers: { "stride-in": "conv2" }, rename: meliketoy, hasBiases: true },
};

it("is each in the document's table, and no other is", async () => {
  const document = await readFile(join(import.meta.dirname, "../../docs/imports.md"), "utf8");
  const rows = document
    .split("## Code lines that load by name\n")[1]
    ?.split("\n## ")[0]
    ?.matchAll(/^\| (.+?) +\| `(.+)` +\|$/gm);
  const flagged = ({ model, answers = {} }: CodeLine) =>
    [model, ...Object.entries(answers).map(([flag, answer]) => `--${flag} ${answer}`)].join(" ");
  expect([...(rows ?? [])].map(([, name, flags]) => [name, flags])).toEqual(
    Object.entries(codeLines).map(([name, line]) => [name, flagged(line)]),
  );
});

/** Tensors of two values each over and over, so that a file is made and compared in milliseconds. */
const weightsOf = (model: Model): Map<string, HostTensor> =>
  new Map(
    [...weightShapes(model)].map(([name, shape], place) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      const values = new Float32Array(length).fill(1 + place / 64);
      values[0] = 0.5;
      return [name, { shape, values }];
    }),
  );

/** Hidden dense layers are 1×1 convolutions here alone. */
const theirShape = (model: Model, name: string, shape: readonly number[]) =>
  nodesOf(model, "conv").some((node) => node.bias && name === `${node.name}.weight`) ? shape.slice(0, 2) : shape;

const variantOf = ({ model, answers = {} }: CodeLine): string => {
  if (answers.pools) return `vgg16-bn-${answers.pools}-pools`;
  return answers["stride-in"] === "conv2" ? "wrn22-8-late-stride" : model;
};

function fileOf(
  model: Model,
  weights: ReadonlyMap<string, HostTensor>,
  { rename, wrap = asItIs, hasBiases, form = "zip" }: CodeLine,
) {
  const maker = new CheckpointMaker();
  const tensors = [...weights].map(([name, { shape, values }]) => {
    const storage = maker.storage("Float", values as Float32Array);
    return [rename(name), maker.view(storage, theirShape(model, name, shape))] as const;
  });
  const biases = nodesOf(model, "conv").flatMap(({ name, shape, bias }) =>
    hasBiases && !bias ? [[rename(`${name}.bias`), maker.tensor([shape[2]], Array(shape[2]).fill(0))] as const] : [],
  );
  return maker[form](wrap(orderedDict(new Map([...tensors, ...biases]))));
}
const asItIs: Wrap = (stateDict) => stateDict;

it.each(Object.entries(codeLines))("%s comes in by its names", (_, line) => {
  const side = line.side ?? 32;
  const model = models[variantOf(line)]?.build([side, side, 3], 10) as Model;
  const weights = weightsOf(model);
  const choice = { model: line.model, side, classes: 10, answers: line.answers ?? {} };
  const imported = importNetwork({ bytes: fileOf(model, weights, line) }, choice);
  expect([imported.mapping.by, imported.model]).toEqual(["name", variantOf(line)]);
  expect(Buffer.compare(imported.weights, encodeWeights(model, weights))).toBe(0);
  expect(imported.accuracy ?? 0).toBeCloseTo(line.wrap === inNet ? 0.952 : line.wrap === inStateDict ? 0.9178 : 0, 9);
});

it("SNL's ResNet-18 comes in with its slopes", () => {
  const model = models.resnet18?.build([32, 32, 3], 10) as Model;
  const weights = weightsOf(model);
  const kept = reluLayers(model).map(({ units }, layer) => new Uint8Array(units).fill(layer % 2));
  const alphas = reluLayers(model)
    .slice(1)
    .map(({ name, shape: [height, width, channels] }, layer) => {
      const values = new Float32Array(height * width * channels).fill((layer + 1) % 2);
      return [`${name.replace(".relu", ".alpha")}.alphas`, { shape: [1, channels, height, width], values }] as const;
    });
  const all = new Map([...weights, ...alphas]);
  const bytes = fileOf(model, all, {
    model: "resnet18",
    rename: (name) => name.replace(".downsample.", ".shortcut.").replace(/^fc\./, "linear."),
    wrap: (state_dict) => dictOf({ arch: "resnet18_in", state_dict }),
  });
  const imported = importNetwork({ bytes }, { model: "resnet18", side: 32, classes: 10 });
  expect(Buffer.compare(imported.masks as Uint8Array, encodeStudent(model, weights, kept))).toBe(0);
  expect(imported.reluCount).toBe(kept.reduce((sum, mask) => sum + (mask[0] ? mask.length : 0), 0));
});
