import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { chooseKernels } from "../choose-kernels.ts";
import { filterSize } from "../convolution.ts";
import { Keystream, randomSeed, randomWords } from "../random.ts";
import { readyNetwork, tinyModel } from "../test-networks.ts";
import { hiddenNoise, NoiseError, requireEncryptable, worstNoise, worstNoiseWhenDecrypted } from "./noise.ts";
import { packingOf } from "./packing.ts";
import { degree, floodBits, largestError, primes } from "./parameters.ts";
import { addFlood, error, ternary, uniform } from "./sampler.ts";
import { centered, throughEncryption } from "./test-noise.ts";
import { packResidues, requireResidues, residueBytes, unpackResidues } from "./wire.ts";

const { polynomials: kernels } = chooseKernels();

describe("encrypted linear layers", () => {
  it("are exact at ResNet-18's largest layer with the largest weights that its noise allows", () => {
    const shape = { height: 4, width: 4, channelsIn: 512, channelsOut: 512, kernel: 3, stride: 1, padding: 1 };
    const perGroup = packingOf("layer", shape).channelsOut * filterSize(shape);
    const weight = Math.floor((hiddenNoise - 2 ** 19) / (largestError + 0.5) / perGroup);
    const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => (word < 0 ? -weight : weight));
    const { messages, expected, noise, unflooded, packing } = throughEncryption(shape, filters, kernels);
    expect(messages).toEqual(expected);
    const bound = worstNoise(packing, filters);
    expect(bound).toBeLessThanOrEqual(hiddenNoise);
    expect(bound).toBeGreaterThan(hiddenNoise / 2);
    expect(unflooded).toBeLessThan(bound);
    expect(noise).toBeLessThan(worstNoiseWhenDecrypted());
    expect(noise).toBeGreaterThan(worstNoiseWhenDecrypted() / 2); // the flood is there
  });

  it("have room for twice their worst noise", () => {
    expect(worstNoiseWhenDecrypted()).toBeLessThan(0.5);
  });

  it("refuse weights whose noise the flood would not hide, naming the layer", () => {
    const { network } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    expect(() => requireEncryptable(network)).not.toThrow();
    const withWeights = (weight: number) => {
      const { filters, bias } = network.weights.get("block.conv2") as { filters: Int32Array; bias: BigInt64Array };
      const weights = new Map(network.weights).set("block.conv2", { filters: filters.map(() => weight), bias });
      return { ...network, weights };
    };
    expect(() => requireEncryptable(withWeights(2 ** 26))).toThrow('a weight of "block.conv2" has 26 bits or more');
    expect(() => requireEncryptable(withWeights(2 ** 26 - 1))).not.toThrow();
  });

  it("refuse a layer of many large weights", () => {
    const shape = { height: 4, width: 4, channelsIn: 512, channelsOut: 64, kernel: 3, stride: 1, padding: 1 };
    const filters = new Int32Array(filterSize(shape) * 64).fill(2 ** 26 - 1);
    const architecture = {
      name: "large",
      steps: [{ op: "linear", name: "conv", from: "x", shape, size: 1_024 }],
    } as const;
    const network = { architecture, weights: new Map([["conv", { filters, bias: new BigInt64Array(64) }]]) };
    expect(() => requireEncryptable(network)).toThrow(NoiseError);
    expect(() => requireEncryptable(network)).toThrow('the weights of "conv" make up to 2^4');
  });
});

describe("random polynomials", () => {
  const stream = new Keystream(randomSeed());

  it("have the distributions that security assumes", () => {
    const errors = error(stream);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThanOrEqual(largestError);
    const variance = errors.reduce((sum, each) => sum + each * each, 0) / degree;
    expect(Math.abs(variance - largestError / 2)).toBeLessThan(1.2); // seven standard deviations
    const secret = ternary(stream);
    for (const value of [-1, 0, 1])
      expect(Math.abs(secret.filter((each) => each === value).length - degree / 3)).toBeLessThan(300);
    const seed = randomSeed();
    expect(isDeepStrictEqual(uniform(new Keystream(seed)), uniform(new Keystream(seed)))).toBe(true);
    requireResidues(uniform(stream), { count: degree, peer: "client" });
  });

  it("flood with numbers of up to 83 bits and either sign", () => {
    const count = 2_000;
    const residues = new Int32Array(primes.length * count);
    addFlood(residues, count, stream);
    const numbers = Array.from({ length: count }, (_, i) => Number(centered(residues, i, count)));
    expect(Math.max(...numbers.map(Math.abs))).toBeLessThanOrEqual(2 ** floodBits);
    expect(Math.max(...numbers)).toBeGreaterThan(0.95 * 2 ** floodBits);
    expect(Math.min(...numbers)).toBeLessThan(-0.95 * 2 ** floodBits);
  });
});

describe("residues as they are sent", () => {
  it("come back, whatever their number", () => {
    for (const count of [1, 15, 16, 17, 8_192]) {
      const residues = randomWords(count).map((word) => word >>> 2);
      const bytes = packResidues(residues);
      expect(bytes.length).toBe(residueBytes(count));
      expect(isDeepStrictEqual(unpackResidues(bytes, count), residues)).toBe(true);
    }
  });

  it("are refused where they are not below their primes", () => {
    const residues = Int32Array.from(primes.flatMap((prime) => [prime - 1, 0]));
    const checked = () => requireResidues(residues, { count: 2, peer: "client" });
    expect(checked).not.toThrow();
    residues[3] = primes[1] as number;
    expect(checked).toThrow("the client sent a number that is no residue of its prime");
  });
});
