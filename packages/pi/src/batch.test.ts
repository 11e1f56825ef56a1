import { expect, it } from "vitest";
import { BatchError, batched } from "./batch.ts";
import { keptReluCount, type PrivateNetwork, type Step, stepsOf } from "./network.ts";
import { readyNetwork, tinyModel } from "./test-networks.ts";

it("repeats the units of each image, and says where images are told apart", () => {
  const { network } = readyNetwork(tinyModel(), { seed: 5, kept: 0.4, images: 1 });
  const { architecture } = batched(network, { images: 3, linear: "dealer" });
  expect(keptReluCount(architecture)).toBe(3 * keptReluCount(network.architecture));
  const [one, three] = [network.architecture, architecture].map((of) => stepsOf(of, "relu")[1]);
  expect(three?.kept.subarray(one?.kept.length, 2 * (one?.kept.length ?? 0))).toEqual(
    one?.kept.map((unit) => unit + (one?.size ?? 0)),
  );
  for (const { op, images } of [...stepsOf(architecture, "linear"), ...stepsOf(architecture, "average-pool")])
    expect([op, images]).toEqual([op, 3]);
});

it("is the network itself for one image, and what both parties compare does not change", () => {
  const { network } = readyNetwork(tinyModel(), { seed: 5, kept: 0.4, images: 0 });
  expect(batched(network, { images: 1, linear: "he" })).toBe(network);
});

it("refuses what memory has no room for, before any is taken, naming the field", () => {
  const shape = { height: 4, width: 4, channelsIn: 512, channelsOut: 512, kernel: 3, stride: 1, padding: 1 };
  const size = 65_536;
  const ofSteps = (...steps: Step[]): PrivateNetwork => ({
    architecture: { name: "large", steps },
    weights: new Map(),
  });
  const kept = new Uint32Array(600_000);
  const relus = ofSteps({ op: "relu", name: "relu", from: "input", size, kept, signBits: 64 });
  const refusal = (network: PrivateNetwork, images: number, linear: "he" | "dealer") => () =>
    batched(network, { images, linear });
  expect(refusal(relus, 2, "dealer")).toThrow(BatchError);
  expect(refusal(relus, 2, "dealer")).toThrow(
    "pi.batch: 2 images take 9266 MiB of ReLUs where 8192 MiB are allowed: choose a smaller batch",
  );
  expect(refusal(relus, 200, "dealer")).toThrow("200 images take a layer of 100 MiB where 64 MiB are allowed");
  const linear = ofSteps({ op: "linear", name: "conv", from: "input", size: 8_192, shape });
  expect(refusal(linear, 1_000, "he")).toThrow(
    /^pi.batch: 1000 images take \d+ MiB of ciphertexts of "conv" where 2048 MiB/,
  );
  expect(refusal(linear, 1_000, "dealer")).not.toThrow();
});

it("counts what units of polynomials take: ciphertexts of secret ones, and one vector of x and its square", () => {
  const refusal = (
    { channels, positions }: { channels: number; positions: number },
    images: number,
    { coefficients = "secret", linear = "he" }: { coefficients?: "secret" | "public"; linear?: "he" | "dealer" } = {},
  ) => {
    const size = channels * positions;
    const units = Uint32Array.from({ length: size }, (_, unit) => unit);
    const step = { op: "quadratic", name: "mix", from: "x", squares: "squares", size, units, channels } as const;
    const architecture = { name: "large", steps: [{ ...step, coefficients }] };
    return () => batched({ architecture, weights: new Map() }, { images, linear });
  };
  const wide = { channels: 80_000, positions: 1 };
  expect(refusal(wide, 50)).toThrow(/^pi.batch: 50 images take \d+ MiB of ciphertexts of "mix" where 2048 MiB/);
  for (const of of [{ coefficients: "public" }, { linear: "dealer" }] as const)
    expect(refusal(wide, 50, of)).not.toThrow();
  const large = { channels: 64, positions: 1_024 };
  expect(refusal(large, 100)).toThrow("100 images take a layer of 100 MiB where 64 MiB are allowed");
  expect(refusal(large, 50)).not.toThrow();
});
