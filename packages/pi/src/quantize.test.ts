import { type Model, models } from "@reluctant/relu";
import { describe, expect, it } from "vitest";
import { calibrate } from "./calibrate.ts";
import { digestOf, keptReluCount, type PrivateNetwork, type Step, stepsOf } from "./network.ts";
import { publicCoefficients } from "./quadratic.ts";
import { type PartialReluNetwork, quantize } from "./quantize.ts";
import { inferInTheClear } from "./reference.ts";
import { decode, encode, fractionBits, type RingVector, weightBits } from "./ring.ts";
import { randomImages, randomNetwork, readyNetwork, tinyModel } from "./test-networks.ts";

/** The network as trained, in floating point: batch norms unfolded, filters in PyTorch's layout. */
function inFloat({ model, tensors, masks }: PartialReluNetwork, image: Float64Array): Float64Array {
  const outputs = new Map<string, Float64Array>();
  const values = (name: string) => tensors.get(name)?.values as ArrayLike<number>;
  const shapeOf = (name: string) => model.nodes.find((node) => node.name === name)?.shape as readonly number[];
  let layer = 0;
  for (const node of model.nodes) {
    const [height, width, channels] = node.shape;
    const x = "from" in node ? (outputs.get(node.from) as Float64Array) : image;
    const out = new Float64Array(height * width * channels);
    if (node.op === "input") out.set(image);
    if (node.op === "add")
      out.set(x.map((value, i) => value + ((outputs.get(node.with) as Float64Array)[i] as number)));
    if (node.op === "relu") {
      const mask = masks[layer++] as Uint8Array;
      out.set(x.map((value, unit) => (mask[unit] ? Math.max(0, value) : value)));
    }
    if (node.op === "batch-norm") {
      const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
        values(`${node.name}.${part}`),
      ) as [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>, ArrayLike<number>];
      x.forEach((value, i) => {
        const c = i % channels;
        const scale = (gamma[c] as number) / Math.sqrt((variance[c] as number) + 1e-5);
        out[i] = scale * (value - (mean[c] as number)) + (beta[c] as number);
      });
    }
    if (node.op === "global-average-pool") {
      x.forEach((value, i) => {
        out[i % channels] = (out[i % channels] as number) + (value * channels) / x.length;
      });
    }
    if (node.op === "dense") {
      for (let c = 0; c < channels; c++) {
        out[c] = values(`${node.name}.bias`)[c] as number;
        x.forEach((value, i) => {
          out[c] = (out[c] as number) + value * (values(`${node.name}.weight`)[c * node.features + i] as number);
        });
      }
    }
    if (node.op === "conv") {
      const { kernel, stride, channelsIn } = node;
      const [heightIn, widthIn] = shapeOf(node.from) as [number, number];
      const weight = values(`${node.name}.weight`);
      for (let i = 0; i < out.length; i++) {
        const [c, column, row] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
        for (let input = 0; input < channelsIn; input++)
          for (let ky = 0; ky < kernel; ky++)
            for (let kx = 0; kx < kernel; kx++) {
              const [y, x0] = [row * stride + ky - (kernel >> 1), column * stride + kx - (kernel >> 1)];
              if (y < 0 || y >= heightIn || x0 < 0 || x0 >= widthIn) continue;
              const w = weight[((c * channelsIn + input) * kernel + ky) * kernel + kx] as number;
              out[i] = (out[i] as number) + w * (x[(y * widthIn + x0) * channelsIn + input] as number);
            }
      }
    }
    outputs.set(node.name, out);
  }
  return outputs.get(model.nodes.at(-1)?.name ?? "") as Float64Array;
}

const quantized = (model: Model) => quantize(randomNetwork(model, { seed: 1, kept: 0.5 }));

describe("a network in fixed point", () => {
  it("computes what it did in floating point, to a few units in the last places", () => {
    for (const seed of [1, 2, 3]) {
      const { source, network, images } = readyNetwork(tinyModel(), { seed, kept: 0.5, images: 3 });
      for (const image of images) {
        const exact = inFloat(source, decode(image));
        const fixed = decode(inferInTheClear(network, image));
        fixed.forEach((logit, i) => {
          expect(Math.abs(logit - (exact[i] as number))).toBeLessThan(0.02);
        });
      }
    }
  });

  it("has folded its batch norms, and counts the ReLUs that its masks keep", () => {
    const { architecture, weights } = quantized(tinyModel());
    expect(architecture.steps.map(({ op }) => op)).not.toContain("batch-norm");
    expect(architecture.steps.find(({ name }) => name === "block.add")).toMatchObject({
      from: "block.conv2",
      with: "block.downsample.0",
    });
    expect([...weights.keys()]).toEqual(stepsOf(architecture, "linear").map(({ name }) => name));
    expect(keptReluCount(architecture)).toBe(72 + 27 + 27);
  });

  it("is another architecture with another unit, bound or shape, and the same without", () => {
    const { architecture } = quantized(tinyModel());
    const altered = (alter: (steps: (typeof architecture.steps)[number]) => object) =>
      digestOf({
        ...architecture,
        steps: architecture.steps.map((step) => ({ ...step, ...alter(step) }) as typeof step),
      });
    const digests = [
      digestOf(architecture),
      altered((step) => (step.op === "relu" ? { signBits: 37 } : {})),
      altered((step) => (step.op === "relu" ? { kept: step.kept.map((unit) => unit ^ 1) } : {})),
      altered((step) => (step.name === "conv1" ? { name: "conv2" } : {})),
    ].map((digest) => Buffer.from(digest).toString("hex"));
    expect(new Set(digests).size).toBe(4);
    expect(Buffer.from(altered(() => ({}))).toString("hex")).toBe(digests[0]);
  });

  it.each([
    [
      "a max-pool",
      () => (models.resnet18 as (typeof models)[string]).build([224, 224, 3], 10),
      'there is no protocol for "maxpool", which is a max-pool',
    ],
    [
      "a batch norm that no convolution takes",
      () => (models["wrn22-8"] as (typeof models)[string]).build([32, 32, 3], 10),
      "only one that stands alone behind a convolution can be folded into it",
    ],
  ])("refuses %s", (_, model, said) => {
    expect(() => quantize({ model: model(), tensors: new Map(), masks: [], polynomials: new Map() })).toThrow(said);
  });

  it("has squares and polynomials where units without a ReLU compute them: public ones by name, others as weights", () => {
    const network = randomNetwork(tinyModel(), { seed: 1, kept: 0.5 });
    const with_ = (polynomial: Float32Array) => quantize({ ...network, polynomials: new Map([["relu1", polynomial]]) });
    const secret = with_(Float32Array.from({ length: 12 }, (_, i) => i / 16));
    const names = secret.architecture.steps.map(({ name }) => name);
    expect(names.slice(2, 5)).toEqual(["relu1.square", "relu1.relu", "relu1"]);
    expect(secret.weights.get("relu1")?.filters[4]).toBe(2 ** weightBits / 2);
    expect(secret.weights.get("relu1")?.bias[1]).toBe(2n ** BigInt(fractionBits + weightBits) / 16n);
    const delphi = with_(Float32Array.from({ length: 12 }, (_, i) => publicCoefficients[i >> 2] as number));
    expect(delphi.architecture.steps.find(({ name }) => name === "relu1")).toMatchObject({ coefficients: "public" });
    expect(delphi.weights.has("relu1")).toBe(false);
    expect(() => with_(new Float32Array(3))).toThrow('the polynomials of "relu1" have 3 coefficients where 12 are due');
    expect(() => with_(new Float32Array(12).fill(1e9))).toThrow('a polynomial of "relu1" has a coefficient');
  });

  it("names the tensor, the mask or the weights that are not what they must be", () => {
    const network = randomNetwork(tinyModel(), { seed: 1, kept: 1 });
    const changed = (name: string, values: Float32Array) =>
      quantize({ ...network, tensors: new Map([...network.tensors, [name, { shape: [], values }]]) });
    expect(() => quantize({ ...network, tensors: new Map() })).toThrow('tensor "conv1.weight" has no values where 108');
    expect(() => quantize({ ...network, masks: [] })).toThrow('layer "relu1" has 144 units, its mask none');
    expect(() => changed("conv1.weight", new Float32Array(108).fill(1e6))).toThrow(
      `a weight of "conv1", channel 0, is ${2 ** (31 - weightBits)} or more`,
    );
    expect(() => changed("fc.bias", new Float32Array(5).fill(Number.NaN))).toThrow("value 0 is NaN");
    expect(() => changed("fc.weight", new Float32Array(30).fill(Number.NaN))).toThrow('a weight of "fc"');
  });
});

describe("calibration", () => {
  const signBits = (network: PrivateNetwork, images: RingVector[]) =>
    stepsOf(calibrate(network, images).architecture, "relu").map((step) => step.signBits);

  it("gives the short circuit to layers whose values fit it, and the long one to the others", () => {
    const kept = Uint32Array.of(0);
    const steps: Step[] = [
      { op: "input", name: "image", size: 1 },
      { op: "relu", name: "relu1", from: "image", kept, signBits: 64, size: 1 },
      { op: "add", name: "twice", from: "relu1", with: "relu1", size: 1 },
      { op: "relu", name: "relu2", from: "twice", kept, signBits: 64, size: 1 },
    ];
    const network: PrivateNetwork = { architecture: { name: "two ReLUs", steps }, weights: new Map() };
    const most = 2n ** 32n - 1n;
    expect(signBits(network, [BigInt64Array.of(most / 2n)])).toEqual([37, 37]);
    expect(signBits(network, [BigInt64Array.of(most)])).toEqual([37, 64]);
    expect(signBits(network, [BigInt64Array.of(-most - 1n)])).toEqual([64, 37]);
    expect(signBits(network, [])).toEqual([64, 64]);
  });

  it("refuses a network whose values come too near to what truncation takes", () => {
    const network = quantized(tinyModel());
    const images = randomImages(tinyModel(), 2, 1);
    expect(signBits(network, images)).toEqual([37, 37, 37]);
    const scaled = images.map((image) => image.map((value) => value * 20_000n));
    expect(() => signBits(network, scaled)).toThrow("it must stay below 2^40");
    expect(calibrate(network, []).architecture).toEqual(network.architecture);
    expect(() => calibrate(network, [encode(new Float64Array(108).fill(1e6))])).toThrow("with a headroom of 16");
  });
});
