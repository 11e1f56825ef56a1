import { randomBytes } from "node:crypto";
import type { PiSystem } from "@reluctant/contracts";
import { createEngine } from "@reluctant/engine";
import { inputShape, type Model, models, type ReluLayer, reluLayers, size } from "@reluctant/relu";
import {
  encodeStudent,
  initialWeights,
  type StageContext,
  type StageData,
  stages,
  unattended,
} from "@reluctant/stages";
import { expect, it } from "vitest";
import { privateInference } from "./private-inference.ts";

const side = 8;
const model = models.resnet8?.build([side, side, 3], 4) as Model;
const masks = reluLayers(model).map(({ units }) =>
  Uint8Array.from({ length: units }, (_, unit) => Number(unit % 10 === 0)),
);
const images = randomBytes(20 * size(inputShape(model)));
const data = {
  version: "0".repeat(64),
  classes: ["a", "b", "c", "d"],
  inputShape: [side, side, 3],
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  streamed: false,
  size: () => 20,
  batch: async (_split: string, indices: Uint32Array) => ({
    images: Uint8Array.from({ length: indices.length * size(inputShape(model)) }, (_, i) => images[i] as number),
    labels: Int32Array.from(indices, (index) => index % 4),
  }),
} as unknown as StageData;

const params = {
  kind: "private-inference",
  model: "resnet8",
  samples: 2,
  protocol: "garbled",
  profile: "loopback",
  batch: 1,
  threads: 1,
  repeat: 1,
} as const;

async function measured(change: Partial<StageContext> = {}, system: PiSystem = "delphi") {
  const implementation = `private-inference/${system}` as const;
  return stages[implementation].run({
    params,
    implementation,
    precision: "fp32",
    seed: 1,
    inputs: { prModel: encodeStudent(model, initialWeights(model, 1), masks) },
    data,
    engine: await createEngine({ threads: 1, precision: "fp32" }),
    ...unattended,
    privateInference,
    ...change,
  });
}

it("infers privately between processes, says what it cost, and how near it came to the network in the clear", async () => {
  const steps: number[] = [];
  const report = { ...unattended.report, progress: ({ step }: { step: number }) => void steps.push(step) };
  const output = await measured({ report });
  if (output.outcome !== "succeeded" || output.result.kind !== "private-inference") throw new Error(output.outcome);
  const { samples, reluCount, agreement, logitError, cost, machine } = output.result;
  expect({ samples, agreement }).toEqual({ samples: 2, agreement: 1 });
  expect(reluCount).toBe(masks.flatMap((mask) => [...mask]).filter((kept) => kept === 1).length);
  expect(logitError.largest).toBeGreaterThan(0); // fixed point is not floating point
  expect(logitError.largest).toBeLessThan(0.05);
  const sum = (phase: string) =>
    cost.steps.filter((step) => step.phase === phase).reduce((all, step) => all + step.ms, 0);
  expect(cost.online.leastMs).toBeLessThanOrEqual(cost.online.ms);
  expect(cost.online.ms).toBeCloseTo((cost.online.leastMs + cost.online.mostMs) / 2); // the median of two
  expect(cost.online.mostMs).toBeGreaterThanOrEqual(sum("online")); // the mean of two is at most the greater
  expect(cost.online.rounds).toBe(reluLayers(model).length + 1);
  expect(cost.label).toBe("dealer: offline linear cost not included");
  expect(machine).toMatchObject({
    level: expect.stringMatching(/^(wasm|avx2|vaes|avx512)$/),
    cores: expect.any(Number),
  });
  expect(steps).toEqual([0, 1, 2]); // after the warm-up, which is none of the samples
});

it("encrypts linear layers online as GAZELLE does, says what of it is left out, and counts what ran when", async () => {
  const output = await measured({ params: { ...params, samples: 1, linear: "he" } }, "gazelle");
  if (output.outcome !== "succeeded" || output.result.kind !== "private-inference") throw new Error(output.outcome);
  const { agreement, logitError, cost } = output.result;
  expect(agreement).toBe(1);
  expect(logitError.largest).toBeLessThan(0.05);
  expect(cost.label).toMatch(/^homomorphic encryption online: linear cost included; packed by coefficients/);
  const conv = model.nodes.find(({ op }) => op === "conv")?.name;
  const ofLinear = cost.steps.filter(({ step }) => step === conv);
  expect(ofLinear).toMatchObject([{ phase: "online", rounds: 1 }]);
  expect(ofLinear[0]?.bytesSent).toBeGreaterThan(150_000);
  const ofRelu = cost.steps.filter(({ step }) => step === reluLayers(model)[0]?.name).map(({ phase }) => phase);
  expect(ofRelu).toEqual(["offline", "online"]);
});

it("ends its parties when it is to stop", async () => {
  const stop = new AbortController();
  const report = { ...unattended.report, progress: () => stop.abort(new Error("asked to stop now")) };
  await expect(measured({ report, signal: stop.signal })).rejects.toThrow("asked to stop now");
});

it("says which layer it cannot take", async () => {
  const { name, shape } = reluLayers(model)[0] as ReluLayer;
  const polynomials = new Map([[name, new Float32Array(3 * (shape[2] as number)).fill(1e9)]]); // no fixed-point coefficient
  const prModel = encodeStudent(model, initialWeights(model, 1), masks, polynomials);
  await expect(measured({ inputs: { prModel } })).rejects.toMatchObject({
    failure: { code: "bad-input", fatal: true, message: expect.stringContaining(`"${name}"`) },
  });
});

it("takes polynomials with secret coefficients without a dealer where linear layers are encrypted", async () => {
  const { name, shape } = reluLayers(model)[0] as ReluLayer;
  const polynomials = new Map([[name, new Float32Array(3 * (shape[2] as number)).fill(0.1)]]);
  const prModel = encodeStudent(model, initialWeights(model, 1), masks, polynomials);
  const output = await measured({ inputs: { prModel }, params: { ...params, samples: 1, linear: "he" } });
  if (output.outcome !== "succeeded" || output.result.kind !== "private-inference") throw new Error(output.outcome);
  expect(output.result.logitError.largest).toBeLessThan(0.05);
  expect(output.result.cost.label).toBe("homomorphic encryption: offline linear cost included");
});
