import { inputShape, type Model, models, reluLayers, size } from "@reluctant/relu";
import { expect, it } from "vitest";
import type { StageContext, StageData } from "../../context.ts";
import type { Batch, Engine } from "../../engine.ts";
import { encodeStudent } from "../../masks.ts";
import type { PrivateInferenceRequest } from "../../private-inference.ts";
import { unattended } from "../../unattended.ts";
import { initialWeights } from "../../weights.ts";
import { measureBy } from "./measure.ts";

const [samples, classes] = [600, 300];
const model = models.resnet8?.build([8, 8, 3], classes) as Model;
const data = {
  classes: Array.from({ length: classes }, (_, index) => `class ${index}`),
  inputShape: [8, 8, 3],
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  size: () => samples,
  batch: async (_split: string, { length }: Uint32Array) => ({
    images: new Uint8Array(length * size(inputShape(model))),
    labels: new Int32Array(length),
  }),
} as unknown as StageData;

it("measures as a system does, says what that leaves out, and compares many images, a slice at a time in the clear", async () => {
  const slices: number[] = [];
  const logits = async ({ images, labels }: Batch) => {
    expect(images.length).toBe(labels.length * size(inputShape(model)));
    slices.push(labels.length);
    return new Float32Array(labels.length * classes);
  };
  const masks = reluLayers(model).map(({ units }) => new Uint8Array(units).fill(1));
  const params = { kind: "private-inference", model: "resnet8", samples, protocol: "garbled", profile: "loopback" };
  const output = await measureBy("gazelle", {
    ...unattended,
    params: { ...params, batch: 1, threads: 1, repeat: 1 },
    inputs: { prModel: encodeStudent(model, initialWeights(model, 1), masks) },
    data,
    engine: { network: () => ({ setActivations() {}, logits }) } as unknown as Engine,
    privateInference: {
      measure: async ({ images, schedule }: Pick<PrivateInferenceRequest, "images" | "schedule">) => {
        expect(schedule).toEqual({ linear: "online", relus: "offline" });
        return {
          logits: images.map((_, image) => new Float64Array(classes).fill(image / 1_000)),
          cost: { label: "what ran" },
        };
      },
    },
  } as unknown as StageContext as Parameters<typeof measureBy>[1]);
  expect(slices).toEqual([250, 250, 100]);
  expect(output).toMatchObject({
    result: { cost: { label: expect.stringMatching(/^what ran; packed by coefficients/) } },
  });
  expect(output).toMatchObject({ result: { logitError: { largest: 0.599, mean: expect.closeTo(0.2995) } } });
});
