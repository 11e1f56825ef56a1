import { inputShape, type Model, models, narrow, onesOf, reluLayers } from "@reluctant/relu";
import {
  decodeSafetensors,
  decodeWeights,
  encodeSafetensors,
  encodeStudent,
  encodeWeights,
  type HostTensor,
  initialWeights,
  type Tensors,
  weightShapes,
} from "@reluctant/stages";
import { describe, expect, it } from "vitest";
import { CheckpointMaker, orderedDict } from "./checkpoint/test-checkpoint.ts";
import { npyOf, npzOf } from "./checkpoint/test-formats.ts";
import { importNetwork, type ModelChoice } from "./import.ts";
import { readNetwork } from "./network.ts";

/** Of the models that leave something open. */
const answers: Record<string, ModelChoice["answers"]> = {
  "wrn22-8": { "stride-in": "conv1" },
  "wrn22-8-late-stride": {},
  "vgg16-bn": { pools: "3" },
};

const setup = (model: string) => {
  const built = (models[model] as NonNullable<(typeof models)[string]>).build([32, 32, 3], 10);
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of weightShapes(built)) {
    const length = shape.reduce((product, extent) => product * extent, 1);
    weights.set(name, { shape, values: new Float32Array(length).fill(weights.size + 1) });
  }
  return { choice: { model, side: 32, classes: 10, answers: answers[model] ?? {} }, built, weights };
};
/** Whether the artifact holds these weights, compared as bytes: a matcher would take a minute for 17 million numbers. */
const holds = (artifact: Uint8Array, model: Model, weights: Tensors) =>
  Buffer.compare(artifact, encodeWeights(model, weights)) === 0;
const importStateDict = (bytes: Uint8Array, choice: ModelChoice) => importNetwork({ bytes }, choice).weights;
const file = (tensors: Tensors) => encodeSafetensors({ tensors, metadata: {} });
const renamed = (tensors: Tensors, pattern: RegExp, name: string) =>
  new Map([...tensors].map(([key, tensor]) => [key.replace(pattern, name), tensor]));

describe("a state dict from elsewhere", () => {
  it("comes in under torchvision's names as it is", () => {
    const { choice, built, weights } = setup("resnet18");
    const imported = importStateDict(file(weights), choice);
    expect(holds(imported, built, weights)).toBe(true);
    expect(readNetwork(imported).model.name).toBe("resnet18");
  });

  it.each([
    ["resnet18", /^/, "module."],
    ["resnet18", /\.downsample\./, ".shortcut."],
    ["resnet18", /^fc\./, "linear."],
    ["wrn22-8", /^layer(\d)\.(\d)\./, "block$1.layer.$2."],
    ["wrn22-8", /\.downsample\.0\./, ".convShortcut."],
    ["vgg16-bn", /^classifier\./, "classifier.0."],
  ])("%s comes in with %s named %s", (model, pattern, name) => {
    const { choice, built, weights } = setup(model);
    const theirs = renamed(weights, pattern, name);
    expect([...theirs.keys()]).not.toEqual([...weights.keys()]);
    expect(holds(importStateDict(file(theirs), choice), built, weights)).toBe(true);
  });

  it.each(["zip", "legacy"] as const)(
    "comes in out of a checkpoint of torch.save in its %s form, in half precision",
    (form) => {
      const { choice, built, weights } = setup("resnet8");
      const maker = new CheckpointMaker();
      const halves = [...weights].map(([name, { shape, values }]) => {
        const bits = new Uint16Array(values.length).fill(0x3c00 + 4 * 0x100); // 2, as binary16
        return [`module.${name}`, maker.view(maker.storage("Half", bits), shape)] as const;
      });
      const counter = [
        "module.bn1.num_batches_tracked",
        maker.view(maker.storage("Long", BigInt64Array.of(1n << 40n)), []),
      ] as const;
      const file = maker[form](
        new Map<string, unknown>([
          ["epoch", 3],
          ["state_dict", orderedDict(new Map([...halves, counter]))],
        ]),
      );
      const twos = new Map(
        [...weights].map(([name, { shape, values }]) => [
          name,
          { shape, values: new Float32Array(values.length).fill(2) },
        ]),
      );
      const { weights: artifact, mapping } = importNetwork({ bytes: file }, choice);
      expect(holds(artifact, built, twos)).toBe(true);
      expect([mapping.by, mapping.wrapper, mapping.tensors.length]).toEqual(["name", "module.", weights.size]);
    },
  );

  it.each([
    ["bn1.weight", Number.NaN, /"bn1\.weight" holds NaN; training broke/],
    ["fc.bias", Number.POSITIVE_INFINITY, /"fc\.bias" holds Infinity/],
    ["layer2.0.downsample.1.running_var", -1, /"layer2\.0\.downsample\.1\.running_var" holds a negative variance/],
  ])("is refused where %s holds %d", (name, value, message) => {
    const { choice, weights } = setup("resnet8");
    (weights.get(name) as HostTensor).values[1] = value;
    expect(() => importStateDict(file(weights), choice)).toThrow(message);
  });

  it("leaves batch norm's counters out, whose dtype we do not read", () => {
    const { choice, built, weights } = setup("resnet8");
    const bytes = withCounter(file(weights), "bn1.num_batches_tracked");
    expect(holds(importStateDict(bytes, choice), built, weights)).toBe(true);
  });

  it("takes a convolution's bias into the running mean behind it", () => {
    const { choice, built, weights } = setup("vgg16-bn");
    const bias = Float32Array.from({ length: 64 }, (_, channel) => channel / 8);
    weights.set("features.0.bias", { shape: [64], values: bias });
    const before = weights.get("features.1.running_mean")?.values[0] as number;
    const mean = decodeWeights(importStateDict(file(weights), choice), built).get("features.1.running_mean");
    expect(mean?.values).toEqual(bias.map((value) => before - value));
  });

  it.each<[string, (weights: Map<string, HostTensor>) => void, RegExp]>([
    ["a missing tensor", (w) => w.delete("bn1.weight"), /"bn1\.weight" of resnet8 is missing/],
    [
      "a wrong shape",
      (w) => w.set("bn1.weight", { shape: [2], values: new Float32Array(2) }),
      /"bn1\.weight" has shape \[2\]; resnet8 needs \[16\]/,
    ],
    [
      "a tensor too many",
      (w) => w.set("layer9.weight", { shape: [1], values: new Float32Array(1) }),
      /"layer9\.weight" is not part of resnet8/,
    ],
    [
      "a name twice",
      (w) => w.set("linear.bias", { shape: [10], values: new Float32Array(10) }),
      /two tensors of the file are "fc\.bias"/,
    ],
  ])("is refused for %s, by name", (_, spoil, message) => {
    const { choice, weights } = setup("resnet8");
    spoil(weights);
    expect(() => importStateDict(file(weights), choice)).toThrow(message);
  });

  it("comes in with dense layers before its last, as they are or as 1×1 convolutions", () => {
    const { choice, built, weights } = setup("vgg16-bn-3-dense");
    const dense = new Map(weights);
    for (const name of ["classifier.0.weight", "classifier.3.weight"])
      dense.set(name, { ...(weights.get(name) as HostTensor), shape: [512, 512] });
    for (const theirs of [dense, weights])
      expect(holds(importStateDict(file(theirs), choice), built, weights)).toBe(true);
  });

  it("records the side of its images, which its tensors do not show", () => {
    const { choice, weights } = setup("resnet18");
    const artifact = importStateDict(file(weights), { ...choice, side: 64 });
    const at = (side: number) => models.resnet18?.build([side, side, 3], 10) as Model;
    expect(decodeWeights(artifact, at(64)).size).toBe(weights.size);
    expect(() => decodeWeights(artifact, at(32))).toThrow(/trained on images of 64 pixels, the data set's have 32/);
    expect(readNetwork(artifact).model).toEqual(at(64));
    expect(() => importStateDict(artifact, choice)).toThrow(/trained on images of 64 pixels, the data set's have 32/);
  });

  it.each([32, 64, 224])("is exported of %i pixels without that record, too, as earlier versions wrote it", (side) => {
    const model = narrow((models.resnet18 as NonNullable<typeof models.resnet18>).build([side, side, 3], 10), 0.125);
    const metadata = { format: "pt", model: "resnet18@0.125" };
    const masks = reluLayers(model).map(({ units }) => new Uint8Array(units));
    const weights = initialWeights(model, 1);
    const student = decodeSafetensors(encodeStudent(model, weights, masks));
    expect(readNetwork(encodeSafetensors({ ...student, metadata })).model).toEqual(model);
    // Weights alone do not tell 64 pixels from 32.
    const alone = readNetwork(encodeSafetensors({ tensors: weights, metadata })).model;
    expect(inputShape(alone)[0]).toBe(side === 64 ? 32 : side);
  });

  it.each([
    ["vgg16-bn", {}, /no file of a vgg16-bn says how many blocks a max-pool ends.*--pools 3 \(.*or --pools 5 \(/],
    ["wrn22-8", {}, /no file of a wrn22-8 says which convolution of a block has the stride.*--stride-in conv1/],
    ["wrn22-8", { "stride-in": "1x1" }, /--stride-in 1x1: of a wrn22-8 it must be --stride-in conv1/],
    ["resnet8", { pools: "5" }, /--pools says nothing of resnet8/],
  ])("is refused as %s with answers %j, for what its files do not show", (model, own, message) => {
    const { choice, weights } = setup(model);
    expect(() => importNetwork({ bytes: file(weights) }, { ...choice, answers: own })).toThrow(message);
  });

  it("takes masks that lie beside it, or in it, and says which flags say nothing", () => {
    const { choice, built, weights } = setup("resnet8");
    const layers = reluLayers(built);
    const kept = layers.map(({ units }, layer) => new Uint8Array(units).fill(layer % 2));
    const arrays = layers.map(({ name, shape: [height, width, channels] }, layer): [string, Buffer] => [
      name,
      npyOf("|b1", [channels, height, width], new Uint8Array(height * width * channels).fill(layer % 2)),
    ]);
    const masks = { bytes: npzOf(Object.fromEntries(arrays), { deflated: true }) };
    const imported = importNetwork({ bytes: file(weights) }, { ...choice, masks });
    const artifact = encodeStudent(built, weights, kept);
    expect(Buffer.compare(imported.masks as Uint8Array, artifact)).toBe(0);
    expect(imported.reluCount).toBe(kept.reduce((sum, mask) => sum + onesOf(mask), 0));
    const again = (own: Partial<ModelChoice>) => () => importNetwork({ bytes: artifact }, { ...choice, ...own });
    expect(again({})().reluCount).toBe(imported.reluCount);
    expect(again({ masks })).toThrow(/masks of its own; leave --masks out/);
    expect(again({ keeping: { budget: 7 } })).toThrow(/--budget 7: the file's masks are of 0 and 1 and keep \d+ ReLUs/);
    expect(() => importNetwork({ bytes: file(weights) }, { ...choice, keeping: { threshold: 0 } })).toThrow(
      /--threshold says nothing of a file without masks/,
    );
  });

  it("comes in with AutoReP's indicators, and without what only trained them", () => {
    const { choice, built, weights } = setup("resnet8");
    const ofRelus = reluLayers(built).flatMap(({ shape: [height, width, channels], units }, layer) => {
      const tensor = (shape: number[], value: number): HostTensor => ({
        shape,
        values: new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(value),
      });
      return [
        [`act.alpha_aux_${layer}_0`, tensor([units], layer % 2 ? 1 : -1)],
        [`act.alpha_mask_${layer}_0`, tensor([channels, height, width], 1)],
        [`act.bn_${layer}.running_mean`, tensor([channels], 0)],
        [`act.bn_${layer}.running_var`, tensor([channels], 1)],
      ] as const;
    });
    const counter = ["act.itr_cnt", { shape: [1], values: Float32Array.of(508) }] as const;
    const bytes = file(renamed(new Map<string, HostTensor>([...weights, ...ofRelus, counter]), /^/, "module."));
    const imported = importNetwork({ bytes }, choice);
    const kept = reluLayers(built).map(({ units }, layer) => new Uint8Array(units).fill(layer % 2));
    expect(Buffer.compare(imported.masks as Uint8Array, encodeStudent(built, weights, kept))).toBe(0);
    expect([imported.mapping.by, imported.hysteresis]).toEqual(["name", 0.003]);
  });

  it("takes no masks that say they are of another model", () => {
    const { choice, built, weights } = setup("resnet20-option-a");
    const other = { ...built, name: "resnet20-option-a-end" };
    const all = reluLayers(built).map(({ units }) => new Uint8Array(units));
    const masks = { bytes: encodeStudent(other, weights, all) };
    expect(() => importNetwork({ bytes: file(weights) }, { ...choice, answers: { padding: "both" }, masks })).toThrow(
      /masks say that they are of a resnet20-option-a-end, the weights are read as a resnet20-option-a;/,
    );
  });

  it("becomes the variant that an answer names", () => {
    const { choice, weights } = setup("vgg16-bn");
    const imported = importNetwork({ bytes: file(weights) }, { ...choice, answers: { pools: "5" } });
    expect(imported.model).toBe("vgg16-bn-5-pools");
    expect(readNetwork(imported.weights).model.name).toBe("vgg16-bn-5-pools");
    const bytes = imported.weights; // names its model, so that nothing is asked
    expect(importNetwork({ bytes }, { ...choice, answers: {} }).model).toBe("vgg16-bn-5-pools");
    expect(() => importNetwork({ bytes }, { ...choice, answers: { pools: "3" } })).toThrow(
      /itself says that it is a vgg16-bn-5-pools/,
    );
  });

  it("is refused as another model than it says, whichever is named", () => {
    const { choice, built, weights } = setup("resnet20-option-a");
    const bytes = encodeWeights(built, weights);
    for (const model of ["resnet20-option-a-end", "resnet20"])
      expect(() => importNetwork({ bytes }, { ...choice, model })).toThrow(
        `itself says that it is a resnet20-option-a, which is no ${model}; name --model resnet20-option-a`,
      );
  });

  it.each(["their-lab/resnet8@v2", "resnet8@final", "resnet8@2", "resnet8@0.5@ema", "constructor"])(
    "comes in where others' metadata call it %s",
    (model) => {
      const { choice, built, weights } = setup("resnet8");
      const bytes = encodeSafetensors({ tensors: weights, metadata: { model, side: "large" } });
      expect(holds(importStateDict(bytes, choice), built, weights)).toBe(true);
    },
  );

  it("is told which model it is, where another was named", () => {
    const { weights } = setup("resnet20-option-a");
    expect(() => importNetwork({ bytes: file(weights) }, { model: "resnet20", side: 32, classes: 10 })).toThrow(
      /found \d+ tensors of a resnet20 with parameter-free shortcuts.*--model resnet20-option-a or --model resnet20-option-a-end/,
    );
  });

  it("is refused for a model or side that does not exist", () => {
    const { choice, weights } = setup("resnet8");
    expect(() => importStateDict(file(weights), { ...choice, model: "resnet9" })).toThrow(/the models are resnet8/);
    expect(() => importStateDict(file(weights), { ...choice, side: 31 })).toThrow(/images of side 32, not 31/);
  });
});

/** The file with one int64 scalar more. */
function withCounter(bytes: Uint8Array, name: string): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const data = bytes.subarray(8 + length);
  header[name] = { dtype: "I64", shape: [], data_offsets: [data.length, data.length + 8] };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + data.length + 8);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}
